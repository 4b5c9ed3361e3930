//! Elsewhere than on Linux the loaded images are not known, so frames have no addresses (EXC-71).

/// None.
#[derive(Default)]
pub(super) struct Images {}

/// An image; there is none.
pub(super) struct Image {
    pub(super) start: usize,
}

impl Images {
    pub(super) fn loaded() -> Self {
        Self {}
    }

    #[expect(clippy::unused_self, reason = "the same as where there are images")]
    pub(super) fn of(&self, _: usize) -> Option<&Image> {
        None
    }

    #[expect(clippy::unused_self, reason = "the same as where there are images")]
    pub(super) fn write(&self, _: &mut Vec<u8>, _: &[usize]) {}
}
