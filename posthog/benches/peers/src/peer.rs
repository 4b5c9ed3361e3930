//! Who is measured.

/// A library, or the work by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Ours,
    PosthogRs,
    ByHand,
    Sentry,
    Tracing,
    Emit,
    Fastrace,
    /// Does nothing: what measuring takes by itself.
    Nothing,
}

impl Peer {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::PosthogRs => "posthog-rs",
            Self::ByHand => "by hand",
            Self::Sentry => "sentry",
            Self::Tracing => "tracing",
            Self::Emit => "emit",
            Self::Fastrace => "fastrace",
            Self::Nothing => "nothing",
        }
    }

    /// The peer of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Ours, Self::PosthogRs, Self::ByHand, Self::Nothing]
            .into_iter()
            .find(|peer| peer.name() == name)
    }
}
