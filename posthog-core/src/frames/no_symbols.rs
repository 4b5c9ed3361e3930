//! Without the feature `backtrace` no stack is walked; what is known is the place that the compiler tells.

use super::frame::Frame;
use std::sync::Arc;

pub(super) fn walk() -> Box<[usize]> {
    Box::default()
}

pub(super) fn frames_at(address: usize) -> Arc<[Frame]> {
    Arc::new([Frame {
        address: Some(address),
        ..Frame::default()
    }])
}

pub(super) fn knows(_: usize) -> bool {
    true
}
