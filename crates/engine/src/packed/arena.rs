//! Bytes of many rows in few allocations: pieces of one size, so that growing never copies what is there.

const PIECE: usize = 1 << 20;

/// Rows by place, each with its length before it.
#[derive(Debug, Default, Clone)]
pub(super) struct Arena {
    pieces: Vec<Vec<u8>>,
}

/// Where a row begins: piece and offset.
pub(super) type Place = u64;

impl Arena {
    pub(super) fn push(&mut self, row: &[u8]) -> Place {
        let needed = row.len() + 4;
        if self.pieces.last().is_none_or(|piece| piece.capacity() - piece.len() < needed) {
            // Rows of a small list must not cost a whole piece; what outgrows the first piece fills the next.
            let size = if self.pieces.is_empty() { PIECE / 16 } else { PIECE };
            self.pieces.push(Vec::with_capacity(size.max(needed)));
        }
        let number = self.pieces.len() - 1;
        let piece = &mut self.pieces[number];
        let place = (number as u64) << 32 | piece.len() as u64;
        piece.extend_from_slice(&(row.len() as u32).to_le_bytes());
        piece.extend_from_slice(row);
        place
    }

    pub(super) fn get(&self, place: Place) -> &[u8] {
        let piece = &self.pieces[(place >> 32) as usize];
        let at = (place & 0xffff_ffff) as usize;
        let mut length = [0; 4];
        length.copy_from_slice(&piece[at..at + 4]);
        &piece[at + 4..at + 4 + u32::from_le_bytes(length) as usize]
    }

    pub(super) fn clear(&mut self) {
        self.pieces.clear();
    }
}
