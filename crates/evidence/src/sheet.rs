//! Pages of PDF/A-2b: marks are gathered first, and drawn when the number of pages is known.

use krilla::{
    Document, SerializeSettings,
    color::rgb,
    configure::{Archival, ConfigurationBuilder},
    geom::{PathBuilder, Point, Rect},
    metadata::{DateTime, Metadata},
    page::PageSettings,
    paint::Fill,
    text::{Font, GlyphId, KrillaGlyph},
};
use ttf_parser::Face;

use crate::cell::{Cell, Table};

const REGULAR: &[u8] = include_bytes!("../fonts/DejaVuSansCondensed.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/DejaVuSansCondensed-Bold.ttf");

/// A4, lying.
pub(crate) const WIDTH: f32 = 841.89;
const HEIGHT: f32 = 595.28;
pub(crate) const MARGIN: f32 = 40.0;
pub(crate) const SIZE: f32 = 7.5;
pub(crate) const ROW: f32 = 12.0;
/// Height of each further line of a row.
const LINE: f32 = 9.0;
/// Lines of a cell at most; what is longer is whole in the pack's files.
const LINES_MAX: usize = 8;
/// Room of a column at most, as a part of the line.
const COLUMN_MAX: f32 = 0.38;
/// A column gets room for its longest word up to this part of the line; longer words are broken.
const WORD_MAX: f32 = 0.19;

pub(crate) const INK: (u8, u8, u8) = (29, 33, 41);
pub(crate) const DIM: (u8, u8, u8) = (92, 99, 106);
pub(crate) const ACCENT: (u8, u8, u8) = (57, 88, 143);
const SHADE: (u8, u8, u8) = (244, 246, 250);
const HEAD: (u8, u8, u8) = (231, 237, 248);
pub(crate) const ALARM: (u8, u8, u8) = (165, 17, 17);

/// A text at a place of a page.
enum Mark {
    Text { x: f32, y: f32, size: f32, bold: bool, color: (u8, u8, u8), text: String },
    Rect { x: f32, y: f32, w: f32, h: f32, color: (u8, u8, u8) },
}

/// Pages under way: marks first, so that the number of pages is known when they are drawn.
pub(crate) struct Sheet {
    regular: Face<'static>,
    bold: Face<'static>,
    pages: Vec<Vec<Mark>>,
    pub(crate) y: f32,
    title: String,
    made: jiff::Timestamp,
}

impl Sheet {
    /// An empty page.
    ///
    /// # Errors
    /// A sentence about the report's fonts.
    pub(crate) fn new(title: String, made: jiff::Timestamp) -> Result<Self, String> {
        let face = |bytes| Face::parse(bytes, 0).map_err(|error| format!("the report's font: {error}"));
        Ok(Self {
            regular: face(REGULAR)?,
            bold: face(BOLD)?,
            pages: vec![Vec::new()],
            y: MARGIN + 10.0,
            title,
            made,
        })
    }

    fn face(&self, bold: bool) -> &Face<'static> {
        if bold { &self.bold } else { &self.regular }
    }

    fn width(&self, text: &str, size: f32, bold: bool) -> f32 {
        let face = self.face(bold);
        let units: u32 = text.chars().map(|c| advance(face, c)).sum();
        units as f32 / f32::from(face.units_per_em()) * size
    }

    /// Cuts a text to a width, with an ellipsis.
    fn fit(&self, text: &str, size: f32, bold: bool, room: f32) -> String {
        if self.width(text, size, bold) <= room {
            return text.to_owned();
        }
        let mut cut = String::new();
        let room = room - self.width("…", size, bold);
        let mut used = 0.0;
        let face = self.face(bold);
        for c in text.chars() {
            used += advance(face, c) as f32 / f32::from(face.units_per_em()) * size;
            if used > room {
                break;
            }
            cut.push(c);
        }
        cut.push('…');
        cut
    }

    /// Breaks a text at spaces.
    pub(crate) fn wrap(&self, text: &str, size: f32, room: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split(' ') {
            let last = lines.last().cloned().unwrap_or_default();
            let longer = if last.is_empty() { word.to_owned() } else { format!("{last} {word}") };
            if last.is_empty() || self.width(&longer, size, false) <= room {
                if let Some(line) = lines.last_mut() {
                    *line = longer;
                }
            } else {
                lines.push(word.to_owned());
            }
        }
        lines.into_iter().map(|line| self.fit(&line, size, false, room)).collect()
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    pub(crate) fn text(&mut self, x: f32, y: f32, size: f32, bold: bool, color: (u8, u8, u8), text: &str) {
        self.mark(Mark::Text { x, y, size, bold, color, text: text.to_owned() });
    }

    pub(crate) fn rect(&mut self, x: f32, y: f32, w: f32, h: f32, color: (u8, u8, u8)) {
        self.mark(Mark::Rect { x, y, w, h, color });
    }

    /// Begins a page if `height` does not fit any more.
    pub(crate) fn room(&mut self, height: f32) -> bool {
        if self.y + height <= HEIGHT - MARGIN - 14.0 {
            return false;
        }
        self.pages.push(Vec::new());
        self.y = MARGIN + 10.0;
        true
    }

    pub(crate) fn section(&mut self, title: &str) {
        self.y += 14.0;
        self.room(ROW * 5.0);
        let title = self.fit(title, 11.0, true, WIDTH - 2.0 * MARGIN);
        self.text(MARGIN, self.y, 11.0, true, ACCENT, &title);
        self.y += 16.0;
    }

    pub(crate) fn paragraph(&mut self, text: &str, color: (u8, u8, u8)) {
        for line in self.wrap(text, 8.5, WIDTH - 2.0 * MARGIN) {
            self.room(ROW);
            self.text(MARGIN, self.y, 8.5, false, color, &line);
            self.y += ROW;
        }
        self.y += 2.0;
    }

    pub(crate) fn table(&mut self, table: &Table, columns: &[&str], rows: &[Vec<Cell>], total: u64) {
        if rows.is_empty() {
            self.paragraph("None in this period.", DIM);
            return;
        }
        let places: Vec<usize> = columns.iter().filter_map(|name| table.at(name)).collect();
        let cells: Vec<Vec<String>> =
            rows.iter().map(|row| places.iter().map(|at| shown(&row[*at])).collect()).collect();
        let names: Vec<String> = places.iter().map(|at| table.columns[*at].name.replace('_', " ")).collect();
        self.grid(&names, &cells);
        let count = rows.len() as u64;
        let note = match count < total {
            true => format!("{count} of {total} rows; all in data/{}.csv", table.name),
            false => format!("{total} rows; data/{}.csv", table.name),
        };
        self.room(ROW);
        self.text(MARGIN, self.y, SIZE, false, DIM, &note);
        self.y += ROW;
    }

    /// Rows under their names, which stand again on each page.
    pub(crate) fn grid(&mut self, names: &[String], cells: &[Vec<String>]) {
        let widths = self.widths(names, cells);
        self.row(names, &widths, true, Some(HEAD));
        for (number, row) in cells.iter().enumerate() {
            if self.room(self.height(row, &widths, false)) {
                self.row(names, &widths, true, Some(HEAD));
            }
            self.row(row, &widths, false, (number % 2 == 1).then_some(SHADE));
        }
    }

    /// A name in bold and its text beside it, broken at spaces.
    pub(crate) fn fact(&mut self, what: &str, value: &str, size: f32, beside: f32) {
        let lines = self.wrap(value, size, WIDTH - 2.0 * MARGIN - beside);
        self.room((size + 4.0) * (lines.len() as f32).min(4.0));
        self.text(MARGIN, self.y, size, true, DIM, what);
        for line in lines {
            self.room(size + 4.0);
            self.text(MARGIN + beside, self.y, size, false, INK, &line);
            self.y += size + 4.0;
        }
    }

    /// Begins a page, unless it is one already.
    pub(crate) fn page(&mut self) {
        if self.pages.last().is_some_and(|page| !page.is_empty()) {
            self.pages.push(Vec::new());
            self.y = MARGIN + 10.0;
        }
    }

    /// Nothing was drawn.
    pub(crate) fn is_empty(&self) -> bool {
        self.pages.iter().all(Vec::is_empty)
    }

    /// Lines of a cell: broken at spaces, and within a word that is longer than the column.
    fn lines(&self, text: &str, bold: bool, room: f32) -> Vec<String> {
        if self.width(text, SIZE, bold) <= room {
            return vec![text.to_owned()];
        }
        let mut lines = vec![String::new()];
        for word in text.split(' ') {
            let mut word = word.to_owned();
            while let Some(last) = lines.last_mut() {
                let gap = if last.is_empty() { "" } else { " " };
                if self.width(&format!("{last}{gap}{word}"), SIZE, bold) <= room {
                    last.push_str(gap);
                    last.push_str(&word);
                    break;
                }
                if !last.is_empty() {
                    lines.push(String::new());
                    continue;
                }
                // Longer than a whole line: as much of it as fits, at least one character.
                let mut end = 0;
                for (at, c) in word.char_indices() {
                    let next = at + c.len_utf8();
                    if end > 0 && self.width(&word[..next], SIZE, bold) > room {
                        break;
                    }
                    end = next;
                }
                last.push_str(&word[..end]);
                word = word.split_off(end);
                if word.is_empty() {
                    break;
                }
                lines.push(String::new());
            }
        }
        if lines.len() > LINES_MAX {
            lines.truncate(LINES_MAX);
            if let Some(last) = lines.last_mut() {
                last.push('…');
                let fitted = self.fit(&last.clone(), SIZE, bold, room);
                *last = fitted;
            }
        }
        lines
    }

    fn height(&self, cells: &[String], widths: &[f32], bold: bool) -> f32 {
        let lines = cells.iter().zip(widths).map(|(text, width)| self.lines(text, bold, width - 6.0).len());
        ROW + (lines.max().unwrap_or(1) - 1) as f32 * LINE
    }

    fn row(&mut self, cells: &[String], widths: &[f32], bold: bool, shade: Option<(u8, u8, u8)>) {
        let height = self.height(cells, widths, bold);
        if let Some(shade) = shade {
            self.rect(MARGIN - 3.0, self.y - 8.5, WIDTH - 2.0 * MARGIN + 6.0, height, shade);
        }
        let mut x = MARGIN;
        for (text, width) in cells.iter().zip(widths) {
            for (at, line) in self.lines(text, bold, width - 6.0).iter().enumerate() {
                self.text(x, self.y + at as f32 * LINE, SIZE, bold, INK, line);
            }
            x += width;
        }
        self.y += height;
    }

    /// Each column as wide as its content where all fit; else each has room for its longest word, and what is left
    /// over goes to those that would be wider.
    fn widths(&self, names: &[String], cells: &[Vec<String>]) -> Vec<f32> {
        let line = WIDTH - 2.0 * MARGIN;
        let words = |text: &str, bold: bool| {
            text.split(' ').map(|word| self.width(word, SIZE, bold)).fold(0.0_f32, f32::max)
        };
        let (mut wanted, mut least) = (Vec::new(), Vec::new());
        for (column, name) in names.iter().enumerate() {
            let texts = || cells.iter().map(|row| row[column].as_str());
            let widest = texts()
                .map(|text| self.width(text, SIZE, false))
                .fold(self.width(name, SIZE, true), f32::max);
            let longest = texts().map(|text| words(text, false)).fold(words(name, true), f32::max);
            wanted.push((widest + 8.0).min(line * COLUMN_MAX));
            least.push((longest + 8.0).min(line * WORD_MAX));
        }
        let (sum, floor): (f32, f32) = (wanted.iter().sum(), least.iter().sum());
        if sum <= line {
            return wanted;
        }
        if floor >= line {
            return least.iter().map(|width| width * line / floor).collect();
        }
        let more: Vec<f32> =
            wanted.iter().zip(&least).map(|(wanted, least)| (wanted - least).max(0.0)).collect();
        let all: f32 = more.iter().sum();
        least.iter().zip(&more).map(|(least, more)| least + more * (line - floor) / all.max(1.0)).collect()
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, String> {
        let configuration = ConfigurationBuilder::new()
            .with_archival_validator(Archival::A2_B)
            .finish()
            .map_err(|error| format!("{error:?}"))?;
        let mut document =
            Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
        let font =
            |bytes: &'static [u8]| Font::new(bytes.into(), 0).ok_or("the report's font cannot be read");
        let (regular, bold) = (font(REGULAR)?, font(BOLD)?);
        let total = self.pages.len();
        for (number, marks) in self.pages.iter().enumerate() {
            let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or("the page has no size")?;
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            let foot = format!(
                "{} · made {} · page {} of {total}",
                self.title,
                self.made.strftime("%Y-%m-%d %H:%M UTC"),
                number + 1
            );
            let foot =
                Mark::Text { x: MARGIN, y: HEIGHT - 24.0, size: 7.0, bold: false, color: DIM, text: foot };
            for mark in marks.iter().chain([&foot]) {
                match mark {
                    Mark::Rect { x, y, w, h, color } => {
                        let Some(rect) = Rect::from_xywh(*x, *y, *w, *h) else { continue };
                        let mut path = PathBuilder::new();
                        path.push_rect(rect);
                        if let Some(path) = path.finish() {
                            surface.set_fill(Some(fill(*color)));
                            surface.draw_path(&path);
                        }
                    }
                    Mark::Text { x, y, size, bold: is_bold, color, text } => {
                        let (text, glyphs) = shape(self.face(*is_bold), text);
                        let font = if *is_bold { &bold } else { &regular };
                        surface.set_fill(Some(fill(*color)));
                        surface.draw_glyphs(
                            Point::from_xy(*x, *y),
                            &glyphs,
                            font.clone(),
                            &text,
                            *size,
                            false,
                        );
                    }
                }
            }
            surface.finish();
            page.finish();
        }
        let made = self.made.to_zoned(jiff::tz::TimeZone::UTC);
        let date = DateTime::new(made.year().unsigned_abs())
            .month(made.month().unsigned_abs())
            .day(made.day().unsigned_abs())
            .hour(made.hour().unsigned_abs())
            .minute(made.minute().unsigned_abs())
            .second(made.second().unsigned_abs())
            .utc_offset_hour(0)
            .utc_offset_minute(0);
        let metadata = Metadata::new()
            .title(self.title.clone())
            .creator("Lanyard".into())
            .producer("Lanyard".into())
            .language("en".into())
            .document_id(format!("{} {}", self.title, self.made))
            .creation_date(date);
        document.set_metadata(metadata);
        document.finish().map_err(|error| format!("{error:?}"))
    }
}

fn fill((red, green, blue): (u8, u8, u8)) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() }
}

/// As the report shows it: times without fractions.
pub(crate) fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Time(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Cell::Bool(true) => "yes".into(),
        Cell::Bool(false) => "no".into(),
        other => other.to_text().replace(['\n', '\r', '\t'], " "),
    }
}

/// What stands for a character that the font does not have.
const MISSING: char = '?';

fn glyph(face: &Face<'_>, c: char) -> Option<ttf_parser::GlyphId> {
    face.glyph_index(c).filter(|id| id.0 != 0).or_else(|| face.glyph_index(MISSING))
}

fn advance(face: &Face<'_>, c: char) -> u32 {
    glyph(face, c).and_then(|id| face.glyph_hor_advance(id)).map_or(0, u32::from)
}

/// One glyph per character; characters that the font lacks are shown as question marks, also in the text beneath.
fn shape(face: &Face<'_>, text: &str) -> (String, Vec<KrillaGlyph>) {
    let (mut out, mut glyphs) = (String::new(), Vec::new());
    let units = f32::from(face.units_per_em());
    for c in text.chars() {
        let c = if face.glyph_index(c).is_some_and(|id| id.0 != 0) { c } else { MISSING };
        let Some(id) = glyph(face, c) else { continue };
        let from = out.len();
        out.push(c);
        let wide = face.glyph_hor_advance(id).map_or(0.0, f32::from) / units;
        glyphs.push(KrillaGlyph::new(
            GlyphId::new(u32::from(id.0)),
            wide,
            0.0,
            0.0,
            0.0,
            from..out.len(),
            None,
        ));
    }
    (out, glyphs)
}
