//! One scope of a thread, and what few scopes have.

use crate::{
    client::{Client, Ending},
    context::Node,
    failure::Mark,
};
use std::{num::NonZeroU64, sync::Arc};

/// One scope.
///
/// Most say nothing about failures and nothing waits for them, so that what is rare stands behind a pointer: opening and
/// closing a scope is a few words written and read.
pub(crate) struct Frame {
    /// Tells this frame from all others of the process; `None` before a future is polled for the first time.
    pub(super) serial: Option<NonZeroU64>,
    /// What was captured before the scope was opened is none of its business (EXC-80).
    pub(super) since: Mark,
    /// The position of the frame whose node it sees, which is its own where it has one; [`NOWHERE`] without a node.
    pub(super) sees: usize,
    pub(super) node: Option<Arc<Node>>,
    pub(super) rare: Option<Box<Rare>>,
    /// The scope made its node itself: then that may be changed where nobody else holds it.
    pub(super) owns_node: bool,
    pub(super) open: bool,
    /// The thread was unwinding already when the scope was opened: what unwinds is not its failure (CTX-64).
    pub(super) entered_unwinding: bool,
}

/// Where there is no frame.
pub(super) const NOWHERE: usize = usize::MAX;

/// What few scopes have.
#[derive(Default)]
pub(crate) struct Rare {
    pub(super) settings: Settings,
    /// The position of the scope that this one also observes failures for (CTX-64).
    pub(super) inside: Option<usize>,
    /// Clients that stop when the scope closes.
    pub(super) endings: Vec<Ending>,
}

/// What a scope does about failures; its own, never inherited (CTX-25).
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) capture_exceptions: Option<bool>,
    pub(crate) client: Option<Client>,
    /// The recorder of `testing::record`, which everything below sends to.
    pub(crate) recorder: Option<Client>,
    /// The recorder is that of whoever polls the future at the moment.
    pub(crate) recorder_is_borrowed: bool,
    /// A recording is no context: what sets nothing outside of it must set nothing in it either (CTX-34).
    pub(crate) only_records: bool,
}

impl Settings {
    const NONE: Self = Self {
        capture_exceptions: None,
        client: None,
        recorder: None,
        recorder_is_borrowed: false,
        only_records: false,
    };
}

impl Rare {
    /// The recorder, for a handle: out of line, as most scopes have none.
    #[cold]
    pub(super) fn recorder(&self) -> Option<Client> {
        self.settings.recorder.clone()
    }

    /// Nothing of it but settings.
    pub(crate) fn of(settings: Settings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }
}

impl Frame {
    /// Gives it that node; it stands at that position.
    #[inline]
    pub(super) fn see(&mut self, position: usize, node: Arc<Node>, own: bool) {
        self.sees = position;
        self.node = Some(node);
        self.owns_node = own;
    }

    #[inline]
    pub(super) fn settings(&self) -> &Settings {
        static NONE: Settings = Settings::NONE;
        self.rare.as_ref().map_or(&NONE, |rare| &rare.settings)
    }

    #[inline]
    pub(super) fn recorder(&self) -> Option<&Client> {
        self.rare.as_ref()?.settings.recorder.as_ref()
    }

    pub(super) fn inside(&self) -> Option<usize> {
        self.rare.as_ref()?.inside
    }

    pub(super) fn endings(&self) -> &[Ending] {
        self.rare.as_ref().map_or(&[], |rare| &rare.endings)
    }

    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}
