//! Writes JSON straight into a string. Answers with hundreds of users are made here, so no tree is built first.

use super::moment::Moment;

/// A JSON text under construction. The caller keeps `open`/`close` balanced; commas are set here.
#[derive(Debug, Default)]
pub struct Json {
    text: String,
    comma: bool,
}

impl Json {
    pub fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), comma: false }
    }

    pub fn into_string(self) -> String {
        self.text
    }

    pub fn open(&mut self, bracket: char) {
        self.item();
        self.text.push(bracket);
        self.comma = false;
    }

    pub fn close(&mut self, bracket: char) {
        self.text.push(bracket);
        self.comma = true;
    }

    pub fn key(&mut self, name: &str) {
        self.item();
        self.escaped(name);
        self.text.push(':');
        self.comma = false;
    }

    pub fn str(&mut self, value: &str) {
        self.item();
        self.escaped(value);
    }

    pub fn null(&mut self) {
        self.raw("null");
    }

    /// Text that already is JSON.
    pub fn raw(&mut self, json: &str) {
        self.item();
        self.text.push_str(json);
    }

    pub fn time(&mut self, at: Moment) {
        self.item();
        self.text.push('"');
        at.write_iso(&mut self.text);
        self.text.push('"');
    }

    pub fn text(&mut self, name: &str, value: &str) {
        self.key(name);
        self.str(value);
    }

    pub fn moment(&mut self, name: &str, at: Moment) {
        self.key(name);
        match at.known() {
            Some(at) => self.time(at),
            None => self.null(),
        }
    }

    /// `"name":{"href":"…parts…"}`
    pub fn href(&mut self, name: &str, parts: &[&str]) {
        self.key(name);
        self.text.push_str("{\"href\":\"");
        for part in parts {
            self.plain(part);
        }
        self.text.push_str("\"}");
        self.comma = true;
    }

    fn item(&mut self) {
        if self.comma {
            self.text.push(',');
        }
        self.comma = true;
    }

    fn escaped(&mut self, value: &str) {
        self.text.push('"');
        self.plain(value);
        self.text.push('"');
    }

    fn plain(&mut self, value: &str) {
        if !value.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\') {
            self.text.push_str(value);
            return;
        }
        for c in value.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\t' => self.text.push_str("\\t"),
                '\r' => self.text.push_str("\\r"),
                c if (c as u32) < 0x20 => self.text.push_str(&format!("\\u{:04x}", c as u32)),
                c => self.text.push(c),
            }
        }
    }
}
