//! The walk, and the names of what it found.
//!
//! Both take the lock that `backtrace` has, a walk for some microseconds, a look-up for as long as it reads debug
//! information: the first one can take a tenth of a second. So that no caller ever waits for that, look-ups are announced
//! by a lock of ours, and a walk that finds one going on is given up after a moment. The failure is then sent with the
//! place that the compiler knows.

use super::frame::Frame;
use std::{
    ffi::c_void,
    ptr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, TryLockError},
    thread,
    time::{Duration, Instant},
};

/// Written while names are looked up, read while a stack is walked.
static LOOKING_UP: RwLock<()> = RwLock::new(());

/// How long a walk waits for a look-up to end.
const PATIENCE: Duration = Duration::from_millis(1);

/// How many addresses a walk gives at the most: what is sent, and what is trimmed of it.
const MOST_ADDRESSES: usize = 128;

/// How many addresses are remembered with their names; beyond that the memory starts anew.
const REMEMBERED: usize = 10_000;

/// The addresses on this thread's stack, innermost first.
pub(super) fn walk() -> Box<[usize]> {
    let Some(_no_look_up) = no_look_up() else {
        return Box::default();
    };
    let mut addresses = Vec::with_capacity(MOST_ADDRESSES);
    ::backtrace::trace(|frame| {
        addresses.push(frame.ip().addr());
        addresses.len() < MOST_ADDRESSES
    });
    addresses.into()
}

fn no_look_up() -> Option<RwLockReadGuard<'static, ()>> {
    let mut since = None;
    loop {
        match LOOKING_UP.try_read() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {}
        }
        if since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
            return None;
        }
        thread::yield_now();
    }
}

/// The functions at an address, innermost first: several where some were inlined. Never empty.
pub(super) fn frames_at(address: usize) -> Arc<[Frame]> {
    if let Ok(known) = find(&memory(), address) {
        return known;
    }
    let found: Arc<[Frame]> = look_up(address).into();
    let mut memory = memory();
    if memory.len() >= REMEMBERED {
        memory.clear();
    }
    find(&memory, address).unwrap_or_else(|at| {
        memory.insert(at, (address, Arc::clone(&found)));
        found
    })
}

/// Whether the functions at an address are remembered.
pub(super) fn knows(address: usize) -> bool {
    find(&memory(), address).is_ok()
}

/// Addresses with the functions there, in order.
type Memory = Vec<(usize, Arc<[Frame]>)>;

fn memory() -> MutexGuard<'static, Memory> {
    static MEMORY: Mutex<Memory> = Mutex::new(Vec::new());
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The functions at an address, or where they belong.
fn find(memory: &Memory, address: usize) -> Result<Arc<[Frame]>, usize> {
    let at = memory.binary_search_by_key(&address, |(known, _)| *known)?;
    Ok(Arc::clone(&memory[at].1))
}

fn look_up(address: usize) -> Vec<Frame> {
    let _looking_up = LOOKING_UP.write().unwrap_or_else(PoisonError::into_inner);
    let mut frames: Vec<Frame> = Vec::new();
    ::backtrace::resolve(ptr::without_provenance_mut::<c_void>(address), |symbol| {
        let name = symbol.name().map(|name| {
            // The alternate form is the one without hashes.
            let name = format!("{name:#}");
            without_crate_marks(&name).unwrap_or(name)
        });
        frames.push(Frame {
            function: name.filter(|name| !name.is_empty()),
            file: symbol
                .filename()
                .map(|file| file.to_string_lossy().into_owned()),
            line: symbol.lineno(),
            column: symbol.colno(),
            inline: true,
            address: Some(address),
        });
    });
    match frames.last_mut() {
        // Inlined are all but the one that they were inlined into.
        Some(physical) => physical.inline = false,
        None => frames.push(Frame {
            address: Some(address),
            ..Frame::default()
        }),
    }
    frames
}

/// Keeps look-ups waiting, for a test.
#[cfg(test)]
pub(super) fn hold_up() -> std::sync::RwLockReadGuard<'static, ()> {
    LOOKING_UP.read().unwrap_or_else(PoisonError::into_inner)
}

/// The name without `[0123456789abcdef]` behind a crate's name, where it has any (EXC-56).
fn without_crate_marks(name: &str) -> Option<String> {
    let mark = |part: &str| {
        let end = part.find(']')?;
        let hex = part[..end].bytes().all(|byte| byte.is_ascii_hexdigit());
        (end >= 8 && hex).then_some(end + 1)
    };
    let mut parts = name.split('[');
    let mut out = parts.next()?.to_owned();
    let mut changed = false;
    for part in parts {
        if let Some(end) = mark(part) {
            out.push_str(&part[end..]);
            changed = true;
        } else {
            out.push('[');
            out.push_str(part);
        }
    }
    changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::{frames_at, knows, look_up, walk, without_crate_marks};
    use std::{
        sync::{Arc, Mutex, PoisonError},
        time::Instant,
    };

    /// A look-up of one of these tests would have the walk of another given up.
    static ONE_BY_ONE: Mutex<()> = Mutex::new(());

    #[inline(never)]
    fn here() -> Box<[usize]> {
        walk()
    }

    #[test]
    fn exc_56_functions_are_demangled_without_hashes_and_crate_marks() {
        let _alone = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<_> = here()
            .iter()
            .flat_map(|address| look_up(*address))
            .filter_map(|frame| frame.function)
            .collect();
        assert!(
            names.contains(&"posthog_core::frames::symbols::tests::here".to_owned()),
            "{names:?}"
        );
        assert!(
            names
                .iter()
                .all(|name| !name.contains("::h0") && !name.starts_with("_ZN"))
        );
        assert_eq!(
            without_crate_marks("shop[1f2e3d4c5b6a7988]::pay::<[u8; 4]>").as_deref(),
            Some("shop::pay::<[u8; 4]>")
        );
        assert_eq!(without_crate_marks("shop::pay::<[u8]>"), None);
    }

    #[test]
    fn exc_64_names_are_cached_by_address() {
        let _alone = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let addresses = here();
        let frames: Vec<_> = addresses
            .iter()
            .map(|address| frames_at(*address))
            .collect();
        for (address, frames) in addresses.iter().zip(frames) {
            assert!(knows(*address));
            assert!(Arc::ptr_eq(&frames, &frames_at(*address)));
        }
    }

    #[test]
    fn exc_64_a_walk_never_waits_for_a_look_up() {
        let _alone = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let held = super::LOOKING_UP.write();
        let start = Instant::now();
        let walked = std::thread::spawn(walk).join();
        assert!(walked.is_ok_and(|addresses| addresses.is_empty()));
        // The patience is a thousandth of this.
        assert!(start.elapsed().as_secs() < 1);
        drop(held);
    }
}
