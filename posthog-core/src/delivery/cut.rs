//! What a batch takes from the queue.

use super::{
    batch::Queued,
    block::{Block, Room},
};
use std::ops::Range;

/// Events from the front of the queue, as they stood there.
#[derive(Debug)]
pub(super) struct Cut {
    blocks: Vec<Block>,
    /// The number of the first one; the others follow it without a gap.
    first: u64,
}

impl Cut {
    pub(super) fn new(blocks: Vec<Block>, first: u64) -> Self {
        Self { blocks, first }
    }

    pub(super) fn len(&self) -> usize {
        self.blocks.iter().map(Block::len).sum()
    }

    /// The numbers of its events.
    pub(super) fn numbers(&self) -> Range<u64> {
        self.first..self.first + self.len() as u64
    }

    /// Whether the stack of an exception is not in its JSON yet.
    pub(super) fn has_stacks(&self) -> bool {
        self.blocks.iter().any(Block::has_stacks)
    }

    /// The JSON of its events, in parts, with a comma behind each event.
    pub(super) fn json(&self) -> impl Iterator<Item = &[u8]> {
        self.blocks.iter().map(Block::json)
    }

    /// The events one by one.
    pub(super) fn into_each(self) -> Vec<Queued> {
        let mut each = Vec::with_capacity(self.len());
        for block in self.blocks {
            let first = self.first + each.len() as u64;
            each.extend(block.into_each(first));
        }
        each
    }

    /// The only block, if there is no other.
    pub(super) fn only_block(&mut self) -> Option<&mut Block> {
        match &mut self.blocks[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The room that they took.
    pub(super) fn into_room(self) -> Vec<Room> {
        self.blocks.into_iter().map(Block::into_room).collect()
    }
}
