//! Numbers, texts and moments as bytes, and back. In memory only: what one process wrote, the same process reads.

use jiff::Timestamp;

/// Appends values to a row.
pub(super) struct Packer<'a>(pub(super) &'a mut Vec<u8>);

impl Packer<'_> {
    pub(super) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(super) fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)) as u64);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn optional(&mut self, value: Option<i64>) {
        match value {
            None => self.byte(0),
            Some(value) => {
                self.byte(1);
                self.signed(value);
            }
        }
    }

    /// No, yes, or not told.
    pub(super) fn maybe(&mut self, value: Option<bool>) {
        self.byte(match value {
            None => 2,
            Some(value) => u8::from(value),
        });
    }

    /// Exact to the nanosecond; most moments of an API are whole milliseconds, which take less room.
    pub(super) fn moment(&mut self, at: Option<Timestamp>) {
        let Some(at) = at else { return self.byte(0) };
        if at.subsec_nanosecond() % 1_000_000 == 0 {
            self.byte(1);
            self.signed(at.as_millisecond());
        } else {
            self.byte(2);
            self.signed(at.as_second());
            self.signed(i64::from(at.subsec_nanosecond()));
        }
    }
}

/// Reads a row's values in the order in which they were appended.
pub(super) struct Unpacker<'a>(pub(super) &'a [u8]);

impl<'a> Unpacker<'a> {
    pub(super) fn byte(&mut self) -> u8 {
        let (first, rest) = (self.0[0], &self.0[1..]);
        self.0 = rest;
        first
    }

    pub(super) fn number(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return value;
            }
            shift += 7;
        }
    }

    pub(super) fn signed(&mut self) -> i64 {
        let value = self.number();
        (value >> 1) as i64 ^ -((value & 1) as i64)
    }

    pub(super) fn text(&mut self) -> &'a str {
        let length = self.number() as usize;
        self.chars(length)
    }

    /// A text of so many bytes.
    pub(super) fn chars(&mut self, length: usize) -> &'a str {
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        // It was a text when it was packed.
        std::str::from_utf8(text).unwrap_or_default()
    }

    pub(super) fn optional(&mut self) -> Option<i64> {
        (self.byte() == 1).then(|| self.signed())
    }

    pub(super) fn maybe(&mut self) -> Option<bool> {
        match self.byte() {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(super) fn moment(&mut self) -> Option<Timestamp> {
        match self.byte() {
            0 => None,
            1 => Timestamp::from_millisecond(self.signed()).ok(),
            _ => {
                let (second, nanosecond) = (self.signed(), self.signed());
                Timestamp::new(second, i32::try_from(nanosecond).unwrap_or_default()).ok()
            }
        }
    }
}
