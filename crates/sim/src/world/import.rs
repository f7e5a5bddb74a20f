//! A world from a customer's own export: CSV files of people, groups and places, under other names.
//!
//! | file | columns, any order; others are ignored |
//! |---|---|
//! | `people.csv` | `login` (or `email`), `email`, `firstName`, `lastName`, `employeeNumber`, `department`, `costCenter`, `division`, `title`, `managerId`, `userType`, `city`, `countryCode`, `timezone`, `office`, `startDate`, `contractEndDate`, `employeeStatus`, `status`, `workMode`, `mobilePhone` |
//! | `groups.csv` | `group`, `login`: a line for each membership |
//! | `places.csv` | `building` (code), `name`, `city`, `countryCode`, `timezone`, `floor`, `room`, `type`, `capacity` |
//!
//! Fields are separated by commas, semicolons or tabs, as the first line is; the text is UTF-8, with or without a mark of
//! byte order. What Okta would not hold (a country of more than two letters, an e-mail address without `@`, a text that is
//! too long) is left out, cut or completed when a company is made of it.
//!
//! [`Export::anonymise`] replaces names, addresses, numbers and phones by what a key makes of them: the same value
//! becomes the same pseudonym everywhere, so keys still meet, and letter case, blanks, leading zeros and the notation of
//! phones stay as they are. Departments, titles, groups, buildings, dates and statuses are kept: policies speak of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_lc_rs::hmac;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    Company, DirtSet, Group, GroupSource, OktaId, OktaUser, Person, PersonKind, Stage, UserStatus,
    WorldSettings, accounts, intern::Intern, names, people, places,
};
use crate::okta::is_address;

/// An export that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("cannot read or write {file}: {cause}")]
    File { file: PathBuf, cause: io::Error },
    #[error("{file}: {cause}; fix: {}", fix_of(.cause))]
    Csv { file: String, cause: csv::Error },
    #[error("{file}, line {line}: {message}")]
    Row { file: String, line: u64, message: String },
    #[error(
        "{file}: there is no column {missing}; its columns are {there}; fix: rename the one that is meant"
    )]
    Column { file: String, missing: &'static str, there: String },
    #[error("people.csv holds nobody")]
    Nobody,
}

/// What to do about a file that is no table.
fn fix_of(cause: &csv::Error) -> &'static str {
    match cause.kind() {
        csv::ErrorKind::Utf8 { .. } => "save the file as CSV in UTF-8",
        csv::ErrorKind::UnequalLengths { .. } => {
            "give every line as many fields as the first one, and put fields with separators in double quotes"
        }
        csv::ErrorKind::Io(_) => "see that the file can be read and written",
        _ => "correct this line, or leave the column out",
    }
}

const PEOPLE_COLUMNS: &[&str] = &[
    "login",
    "email",
    "firstName",
    "lastName",
    "employeeNumber",
    "department",
    "costCenter",
    "division",
    "title",
    "managerId",
    "userType",
    "city",
    "countryCode",
    "timezone",
    "office",
    "startDate",
    "contractEndDate",
    "employeeStatus",
    "status",
    "workMode",
    "mobilePhone",
];
const MEMBER_COLUMNS: &[&str] = &["group", "login"];
const PLACE_COLUMNS: &[&str] =
    &["building", "name", "city", "countryCode", "timezone", "floor", "room", "type", "capacity"];

/// What an export holds. All values are text, as they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Export {
    pub people: Vec<PersonRow>,
    pub members: Vec<MemberRow>,
    pub places: Vec<PlaceRow>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersonRow {
    pub login: String,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub employee_number: String,
    pub department: String,
    pub cost_center: String,
    pub division: String,
    pub title: String,
    pub manager_id: String,
    pub user_type: String,
    pub city: String,
    pub country_code: String,
    pub timezone: String,
    /// A building's code.
    pub office: String,
    pub start_date: String,
    pub contract_end_date: String,
    pub employee_status: String,
    /// Okta's status; empty: ACTIVE.
    pub status: String,
    pub work_mode: String,
    pub mobile_phone: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberRow {
    pub group: String,
    pub login: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlaceRow {
    pub building: String,
    pub name: String,
    pub city: String,
    pub country_code: String,
    pub timezone: String,
    pub floor: String,
    pub room: String,
    /// `workstation`, `conference`, `executive`, `hot desk`, `storage`; anything else is a workstation.
    #[serde(rename = "type")]
    pub kind: String,
    pub capacity: String,
}

impl Export {
    /// Reads `people.csv`, and `groups.csv` and `places.csv` if they are there.
    ///
    /// # Errors
    /// A file that cannot be read, or a line that is no row; the text names both.
    pub fn read(dir: &Path) -> Result<Self, ExportError> {
        let optional = |name: &str| Some(dir.join(name)).filter(|file| file.exists());
        Self::read_files(
            &dir.join("people.csv"),
            optional("groups.csv").as_deref(),
            optional("places.csv").as_deref(),
        )
    }

    /// # Errors
    /// As [`Export::read`].
    pub fn read_files(
        people: &Path,
        groups: Option<&Path>,
        places: Option<&Path>,
    ) -> Result<Self, ExportError> {
        let Table { file, lines, rows, .. } = Table::read(people, &["login", "email"])?;
        let mut export = Self { people: rows, ..Self::default() };
        export.check(&file, |place| lines.get(place).copied().unwrap_or_default())?;
        if let Some(file) = groups {
            export.members = Table::read(file, &["group"])?.needing(&["login"])?.rows;
        }
        if let Some(file) = places {
            export.places = Table::read(file, &["building"])?.rows;
        }
        Ok(export)
    }

    /// Columns of the given files that are not read, as `FILE: column`: data that stays behind, or a name mistyped.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn columns_left_out(
        people: &Path,
        groups: Option<&Path>,
        places: Option<&Path>,
    ) -> Result<Vec<String>, ExportError> {
        let mut out = Vec::new();
        let files = [(Some(people), PEOPLE_COLUMNS), (groups, MEMBER_COLUMNS), (places, PLACE_COLUMNS)];
        for (file, known) in files.into_iter().filter_map(|(file, known)| Some((file?, known))) {
            let others = headers(file)?;
            let others = others.iter().filter(|name| !known.contains(name));
            out.extend(others.map(|name| format!("{}: {name}", file.display())));
        }
        Ok(out)
    }

    /// How many memberships name nobody among the people: they give nothing.
    pub fn strangers(&self) -> usize {
        let known: BTreeSet<String> = self.people.iter().flat_map(PersonRow::keys).collect();
        self.members.iter().filter(|row| !known.contains(&key_of(&row.login))).count()
    }

    /// Refuses people who could not be told apart, or could be nobody of Okta's. `line_of` knows where the n-th one stands.
    fn check(&self, file: &str, line_of: impl Fn(usize) -> u64) -> Result<(), ExportError> {
        let mut seen = BTreeSet::new();
        for (place, row) in self.people.iter().enumerate() {
            let wrong =
                |message: String| ExportError::Row { file: file.to_owned(), line: line_of(place), message };
            if row.key().is_empty() {
                return Err(wrong("neither login nor email".into()));
            }
            if row.key().chars().count() > LOGIN_MAX {
                return Err(wrong(format!(
                    "a login has at most {LOGIN_MAX} characters, {} has more",
                    row.key()
                )));
            }
            if !seen.insert(row.key().to_lowercase()) {
                return Err(wrong(format!("{} is there twice", row.key())));
            }
            status_of(&row.status).map_err(wrong)?;
        }
        if self.people.is_empty() { Err(ExportError::Nobody) } else { Ok(()) }
    }

    /// Writes the three files into a folder, which is made if it is missing.
    ///
    /// # Errors
    /// When that is not possible.
    pub fn write(&self, dir: &Path) -> Result<(), ExportError> {
        std::fs::create_dir_all(dir).map_err(|cause| ExportError::File { file: dir.into(), cause })?;
        put(&dir.join("people.csv"), &self.people)?;
        put(&dir.join("groups.csv"), &self.members)?;
        put(&dir.join("places.csv"), &self.places)
    }

    /// Puts pseudonyms in the place of what names a person.
    pub fn anonymise(&mut self, key: &[u8]) {
        let veil =
            Veil { key: hmac::Key::new(hmac::HMAC_SHA256, key), first: names::first(), last: names::last() };
        // A membership may name somebody by number too, and must go on doing so.
        let addresses: BTreeSet<String> =
            self.people.iter().flat_map(|row| [key_of(&row.login), key_of(&row.email)]).collect();
        let numbers: BTreeSet<String> = self.people.iter().map(|row| key_of(&row.employee_number)).collect();
        for row in &mut self.members {
            let key = key_of(&row.login);
            let by_number = numbers.contains(&key) && !addresses.contains(&key);
            row.login = if by_number { veil.number(&row.login) } else { veil.address(&row.login) };
        }
        for row in &mut self.people {
            row.login = veil.address(&row.login);
            row.email = veil.address(&row.email);
            row.first_name = veil.name("first", &veil.first, &row.first_name);
            row.last_name = veil.name("last", &veil.last, &row.last_name);
            row.employee_number = veil.number(&row.employee_number);
            row.manager_id = veil.reference(&row.manager_id);
            row.mobile_phone = veil.phone(&row.mobile_phone);
        }
    }

    /// One org and one site that hold what the export says; iOffice accounts are drawn as `settings.accounts` wants.
    ///
    /// # Errors
    /// [`ExportError::Nobody`], or a row that [`Export::read`] would have refused.
    pub fn company(&self, settings: &WorldSettings) -> Result<Company, ExportError> {
        self.check("people.csv", |place| place as u64 + 2)?;
        let settings =
            WorldSettings { people: self.people.len() as u32, orgs: 1, sites: 1, ..settings.clone() };
        let mut intern = Intern::default();
        let mut org = people::empty_org(0, settings.now);
        let codes = self.codes();
        let today = settings.now.to_zoned(TimeZone::UTC).date();
        let mut persons = Vec::new();
        let by_key: BTreeMap<String, u32> = (self.people.iter().enumerate())
            .flat_map(|(place, row)| row.keys().map(move |key| (key, place as u32)))
            .collect();
        for (place, row) in self.people.iter().enumerate() {
            let user = row.user(place as u32, settings.now, &mut intern);
            persons.push(row.person(&user, &codes, &by_key, today));
            org.users.push(user);
        }
        org.groups = self.groups(&by_key, settings.now);
        org.app.group =
            org.groups.iter().position(|group| &*group.name == APP_GROUP).unwrap_or_default() as u32;
        let site = places::listed(&self.buildings(&codes, &persons), &self.departments(), &mut intern);
        let mut company = Company { people: persons, orgs: vec![org], sites: vec![site], settings };
        accounts::add(&mut company, &mut intern);
        Ok(company)
    }

    /// Building codes in order: those of `places.csv`, then those that only people name.
    fn codes(&self) -> Vec<String> {
        let listed = self.places.iter().map(|row| row.building.trim());
        let lived = self.people.iter().map(|row| row.office.trim());
        let mut out: Vec<String> = Vec::new();
        let mut known = BTreeSet::new();
        for code in listed.chain(lived).filter(|code| !code.is_empty()) {
            if known.insert(code.to_lowercase()) {
                out.push(code.to_owned());
            }
        }
        if out.is_empty() {
            out.push("MAIN".to_owned());
        }
        out
    }

    fn buildings(&self, codes: &[String], persons: &[Person]) -> Vec<places::Listed> {
        let mut out: Vec<places::Listed> = codes.iter().map(|code| places::Listed::of(code)).collect();
        for person in persons {
            out[person.building as usize].heads += 1;
        }
        for row in &self.places {
            let Some(place) = place_of(codes, &row.building) else { continue };
            let building = &mut out[place as usize];
            for (slot, text) in [
                (&mut building.name, &row.name),
                (&mut building.city, &row.city),
                (&mut building.country_code, &row.country_code),
                (&mut building.timezone, &row.timezone),
            ] {
                if !text.trim().is_empty() {
                    text.trim().clone_into(slot);
                }
            }
            if !row.room.trim().is_empty() {
                building.rooms.push(places::ListedRoom {
                    floor: row.floor.trim().to_owned(),
                    name: row.room.clone(),
                    kind: row.kind.trim().to_lowercase(),
                    capacity: row.capacity.trim().parse().unwrap_or(1),
                });
            }
        }
        out
    }

    fn departments(&self) -> BTreeMap<String, String> {
        let rows = self.people.iter().filter(|row| !row.department.is_empty());
        rows.map(|row| (row.department.clone(), row.cost_center.clone())).collect()
    }

    fn groups(&self, by_key: &BTreeMap<String, u32>, now: Timestamp) -> Vec<Group> {
        let mut members: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
        for row in &self.members {
            let group = members.entry(row.group.trim()).or_default();
            group.extend(by_key.get(&key_of(&row.login)));
        }
        members.remove("");
        members.remove("Everyone");
        members.entry(APP_GROUP).or_insert_with(|| (0..self.people.len() as u32).collect());
        let everyone = ("Everyone", GroupSource::BuiltIn, BTreeSet::new());
        let rest = members.into_iter().map(|(name, members)| (name, GroupSource::Okta, members));
        (std::iter::once(everyone).chain(rest).enumerate())
            .map(|(place, (name, source, members))| Group {
                id: OktaId::of("00g", 0, place as u64 + 1),
                source,
                name: name.into(),
                description: "".into(),
                created: now - 24.hours() * 400,
                last_updated: now - 24.hours() * 400,
                last_membership_updated: now - 24.hours() * 7,
                members: members.into_iter().collect(),
            })
            .collect()
    }
}

/// The group whose members hold the app.
const APP_GROUP: &str = "APP-iOffice-Users";

/// One file, read.
struct Table<T> {
    file: String,
    columns: csv::StringRecord,
    /// Where each row begins, counted from 1.
    lines: Vec<u64>,
    rows: Vec<T>,
}

impl<T: for<'de> Deserialize<'de>> Table<T> {
    /// Reads a file in which one of `needed` must be a column, if there is anything in it.
    fn read(path: &Path, needed: &[&'static str]) -> Result<Self, ExportError> {
        let file = path.display().to_string();
        let wrong = |cause| ExportError::Csv { file: file.clone(), cause };
        let bytes = bytes_of(path)?;
        let mut reader = reader(&bytes);
        let columns = reader.headers().map_err(wrong)?.clone();
        let (mut lines, mut rows) = (Vec::new(), Vec::new());
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(wrong)? {
            lines.push(record.position().map_or(0, |at| line_at(&bytes, at)));
            rows.push(record.deserialize(Some(&columns)).map_err(wrong)?);
        }
        Self { file, columns, lines, rows }.needing(needed)
    }

    /// The table, if one of `any` is a column of it. An empty file has no columns, and lacks none.
    fn needing(self, any: &[&'static str]) -> Result<Self, ExportError> {
        let there = |name: &&str| self.columns.iter().any(|column| column == *name);
        if self.columns.is_empty() || any.iter().any(there) {
            return Ok(self);
        }
        let columns: Vec<&str> = self.columns.iter().collect();
        let there = columns.join(", ");
        Err(ExportError::Column { missing: any.first().copied().unwrap_or_default(), there, file: self.file })
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, ExportError> {
    std::fs::read(path).map_err(|cause| ExportError::File { file: path.to_owned(), cause })
}

fn headers(path: &Path) -> Result<csv::StringRecord, ExportError> {
    let bytes = bytes_of(path)?;
    let headers = reader(&bytes).headers().cloned();
    headers.map_err(|cause| ExportError::Csv { file: path.display().to_string(), cause })
}

/// Spreadsheets of some countries put semicolons or tabs between fields: the first line tells.
fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: &u8| first.iter().filter(|byte| *byte == separator).count();
    // Of equals the last one counts: a single column is separated by nothing, and a comma is as good as any.
    let separator = [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',');
    csv::ReaderBuilder::new().delimiter(separator).trim(csv::Trim::Headers).from_reader(bytes)
}

/// The line on which a record begins: line breaks between records may be counted with either.
fn line_at(bytes: &[u8], at: &csv::Position) -> u64 {
    let rest = usize::try_from(at.byte()).ok().and_then(|from| bytes.get(from..)).unwrap_or_default();
    let between = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    at.line() + between.filter(|byte| **byte == b'\n').count() as u64
}

fn put<T: Serialize>(file: &Path, rows: &[T]) -> Result<(), ExportError> {
    let wrong = |cause| ExportError::Csv { file: file.display().to_string(), cause };
    let mut out = csv::Writer::from_path(file).map_err(wrong)?;
    rows.iter().try_for_each(|row| out.serialize(row)).map_err(wrong)?;
    out.flush().map_err(|cause| ExportError::File { file: file.into(), cause })
}

/// The longest of Okta's other texts.
const TEXT_MAX: usize = 4096;
/// The longest login of Okta's, and the longest mail address.
const LOGIN_MAX: usize = 100;
/// The shortest of both.
const LOGIN_MIN: usize = 5;

/// A text as Okta would hold it: no characters beyond the first plane, and not too long.
fn fitting(text: &str, max: usize) -> String {
    text.chars().filter(|c| *c as u32 <= 0xFFFF).take(max).collect()
}

/// A login or mail address as Okta would hold it.
fn long_enough(text: &str) -> String {
    if text.chars().count() < LOGIN_MIN { format!("{text}@imported.example") } else { text.to_owned() }
}

/// The text if it is a mail address, or one made of it.
fn address_of(text: &str) -> String {
    let text = fitting(text.trim(), LOGIN_MAX);
    if is_address(&text) {
        return long_enough(&text);
    }
    let local: String = text.chars().filter(|c| *c != '@' && !c.is_whitespace()).take(60).collect();
    format!("{local}@imported.example")
}

/// Letter case, outer blanks and a number's leading zeros tell nobody apart.
fn key_of(text: &str) -> String {
    text.trim().trim_start_matches('0').to_lowercase()
}

fn place_of(codes: &[String], code: &str) -> Option<u32> {
    codes.iter().position(|known| known.eq_ignore_ascii_case(code.trim())).map(|place| place as u32)
}

fn status_of(text: &str) -> Result<UserStatus, String> {
    const ALL: [UserStatus; 8] = [
        UserStatus::Staged,
        UserStatus::Provisioned,
        UserStatus::Active,
        UserStatus::PasswordExpired,
        UserStatus::Recovery,
        UserStatus::LockedOut,
        UserStatus::Suspended,
        UserStatus::Deprovisioned,
    ];
    let text = text.trim();
    if text.is_empty() {
        return Ok(UserStatus::Active);
    }
    let named = ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(text));
    named.ok_or_else(|| format!("{text} is no status of Okta's"))
}

impl PersonRow {
    fn key(&self) -> &str {
        let login = self.login.trim();
        if login.is_empty() { self.email.trim() } else { login }
    }

    /// Whatever others may call this person by.
    fn keys(&self) -> impl Iterator<Item = String> {
        let keys = [&self.login, &self.email, &self.employee_number].map(|text| key_of(text));
        keys.into_iter().filter(|key| !key.is_empty())
    }

    fn kind(&self) -> PersonKind {
        let label = self.user_type.to_lowercase();
        match () {
            () if label.contains("contract") || label.contains("extern") => PersonKind::Contractor,
            () if label.contains("intern") => PersonKind::Intern,
            () => PersonKind::Employee,
        }
    }

    fn user(&self, place: u32, now: Timestamp, intern: &mut Intern) -> OktaUser {
        let status = status_of(&self.status).unwrap_or(UserStatus::Active);
        let created = now - 24.hours() * 400;
        let begun = status != UserStatus::Staged;
        let some = |text: &str| (!text.trim().is_empty()).then(|| fitting(text, TEXT_MAX));
        let email = if self.email.trim().is_empty() { self.key() } else { &self.email };
        // Two letters, or a country that is not of ISO's.
        let country =
            if self.country_code.trim().chars().count() == 2 { self.country_code.trim() } else { "" };
        OktaUser {
            id: OktaId::of("00u", 0, u64::from(place) + 1),
            person: place,
            status,
            user_type: u8::from(self.kind() == PersonKind::Contractor),
            created,
            activated: begun.then_some(created),
            status_changed: begun.then_some(created),
            last_login: (status == UserStatus::Active).then(|| now - 20.hours()),
            last_updated: created,
            password_changed: begun.then_some(created),
            login: long_enough(&fitting(self.key(), LOGIN_MAX)).into(),
            email: address_of(email).into(),
            first_name: intern.text(&fitting(&self.first_name, 50)),
            last_name: intern.text(&fitting(&self.last_name, 50)),
            nick_name: None,
            employee_number: fitting(&self.employee_number, TEXT_MAX).into(),
            department: intern.text(&fitting(&self.department, TEXT_MAX)),
            cost_center: intern.text(&fitting(&self.cost_center, TEXT_MAX)),
            division: intern.text(&fitting(&self.division, TEXT_MAX)),
            organization: intern.text("Imported"),
            title: intern.text(&fitting(&self.title, TEXT_MAX)),
            manager_id: some(&self.manager_id).map(|text| Arc::from(text.as_str())),
            label: intern.text(&fitting(&self.user_type, TEXT_MAX)),
            city: intern.text(&fitting(&self.city, 128)),
            country_code: intern.text(country),
            locale: intern.text("en_US"),
            timezone: intern.text(if self.timezone.is_empty() { "UTC" } else { &self.timezone }),
            mobile_phone: some(&self.mobile_phone).map(|text| fitting(&text, 100).into_boxed_str()),
            office_location: intern.text(&fitting(&self.office, TEXT_MAX)),
            start_date: some(&self.start_date).map(String::into_boxed_str),
            contract_end_date: some(&self.contract_end_date).map(String::into_boxed_str),
            employee_status: some(&self.employee_status).map(|text| intern.text(&text)),
            work_mode: intern.text(if self.work_mode.is_empty() { "assigned" } else { &self.work_mode }),
            dirt: DirtSet::default(),
        }
    }

    fn person(
        &self,
        user: &OktaUser,
        codes: &[String],
        by_key: &BTreeMap<String, u32>,
        today: Date,
    ) -> Person {
        let stage = match user.status {
            UserStatus::Staged => Stage::PreHire,
            UserStatus::Suspended => Stage::OnLeave,
            UserStatus::Deprovisioned => Stage::Left,
            _ if self.employee_status.to_lowercase().contains("leave") => Stage::OnLeave,
            _ => Stage::Working,
        };
        let title = self.title.to_lowercase();
        Person {
            stage,
            kind: self.kind(),
            org: 0,
            user: user.person,
            second: None,
            site: 0,
            building: place_of(codes, &self.office).unwrap_or_default(),
            manager: by_key.get(&key_of(&self.manager_id)).copied().filter(|place| *place != user.person),
            // Only ISO dates tell; another notation is the engine's to read, not the truth's.
            start: self.start_date.trim().parse().unwrap_or(today),
            contract_end: self.contract_end_date.trim().parse().ok(),
            executive: title.starts_with("chief ") || title.contains("president"),
        }
    }
}

/// Makes pseudonyms. Equal inputs, letter case and outer blanks aside, give equal pseudonyms.
struct Veil {
    key: hmac::Key,
    first: Vec<&'static str>,
    last: Vec<&'static str>,
}

impl Veil {
    fn number_of(&self, kind: &str, text: &str) -> u64 {
        let tag = hmac::sign(&self.key, format!("{kind}\0{}", key_of(text)).as_bytes());
        tag.as_ref().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }

    /// The pseudonym between the text's own outer blanks, in its letter case.
    fn shaped(text: &str, pseudonym: &str) -> String {
        let core = text.trim();
        let upper = core.chars().any(char::is_uppercase) && !core.chars().any(char::is_lowercase);
        let lower = core.chars().any(char::is_lowercase) && !core.chars().any(char::is_uppercase);
        let worn = match (upper, lower) {
            (true, _) => pseudonym.to_uppercase(),
            (_, true) => pseudonym.to_lowercase(),
            _ => pseudonym.to_owned(),
        };
        if core.is_empty() { text.to_owned() } else { text.replacen(core, &worn, 1) }
    }

    fn name(&self, kind: &str, pool: &[&'static str], text: &str) -> String {
        let place = self.number_of(kind, text) % pool.len() as u64;
        Self::shaped(text, pool[place as usize])
    }

    /// `p3f9a…@d1c2….example`; a `+tag` becomes `+tag`.
    fn address(&self, text: &str) -> String {
        let core = text.trim();
        let Some((local, domain)) = core.rsplit_once('@') else {
            return if core.is_empty() {
                text.to_owned()
            } else {
                Self::shaped(text, &format!("P{:015x}", self.number_of("address", core)))
            };
        };
        let (plain, tag) = local.split_once('+').map_or((local, ""), |(plain, _)| (plain, "+tag"));
        let person = self.number_of("address", &format!("{plain}@{domain}"));
        let domain = self.number_of("domain", domain) % 0x1_0000_0000;
        Self::shaped(text, &format!("P{person:016x}{tag}@D{domain:08x}.example"))
    }

    /// Twelve digits, after as many zeros as the text has in front.
    fn number(&self, text: &str) -> String {
        let core = text.trim();
        let digits = core.trim_start_matches('0');
        if digits.is_empty() {
            return text.to_owned();
        }
        let zeros = core.len() - digits.len();
        let number = 100_000_000_000 + self.number_of("number", digits) % 900_000_000_000;
        text.replacen(core, &format!("{}{number}", "0".repeat(zeros)), 1)
    }

    fn reference(&self, text: &str) -> String {
        if text.contains('@') { self.address(text) } else { self.number(text) }
    }

    /// Other digits in the same notation.
    fn phone(&self, text: &str) -> String {
        let mut stream = self.number_of("phone", text);
        let mut digit = || {
            let digit = stream % 10;
            stream = (stream / 10) ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            char::from(b'0' + digit as u8)
        };
        text.chars()
            .map(|letter| {
                if letter.is_ascii_digit() {
                    digit()
                } else if letter.is_alphabetic() {
                    'x'
                } else {
                    letter
                }
            })
            .collect()
    }
}
