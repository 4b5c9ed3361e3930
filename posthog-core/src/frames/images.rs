//! The program and the libraries that are loaded: with their build IDs, uploaded symbols are found for an address
//! (EXC-71 to EXC-75).

use crate::json::write_text;
use object::{
    NativeEndian, ReadCache, elf,
    read::elf::{FileHeader, NoteIterator, ProgramHeader as _},
};
use std::{
    fmt::Write,
    fs::File,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// What a process of this kind loads: reading every format that there is would be a hundred times the code.
#[cfg(target_pointer_width = "64")]
type Header = elf::FileHeader64<NativeEndian>;
#[cfg(not(target_pointer_width = "64"))]
type Header = elf::FileHeader32<NativeEndian>;

/// The images that have a build ID, and the addresses that they cover.
#[derive(Clone, Default)]
pub(super) struct Images(Arc<Vec<Image>>);

/// One of them.
pub(super) struct Image {
    /// Where it is loaded.
    pub(super) start: usize,
    /// Behind its last mapping.
    end: usize,
    file: String,
    elf: Elf,
}

/// What the file says of itself.
struct Elf {
    build_id: Vec<u8>,
    /// The address that it was linked for.
    vmaddr: u64,
    size: u64,
}

/// What is mapped from one file.
struct Mapped {
    file: String,
    start: usize,
    end: usize,
    /// Whether any of it may be run.
    is_code: bool,
}

/// The files that were loaded, where, and what was made of that.
type Known = (Vec<(String, usize)>, Images);

impl Images {
    /// What is loaded now. A list is worked out once, and again where something was loaded since.
    pub(super) fn loaded() -> Self {
        static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
        let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else {
            return Self::default();
        };
        let files = mapped_files(&maps);
        let state: Vec<_> = files
            .iter()
            .map(|mapped| (mapped.file.clone(), mapped.start))
            .collect();
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, images)) = &*known
            && *of == state
        {
            return images.clone();
        }
        let images = Self(Arc::new(
            files
                .into_iter()
                .filter_map(|mapped| {
                    let Mapped {
                        file, start, end, ..
                    } = mapped;
                    Some(Image {
                        start,
                        end,
                        elf: Elf::read(&file)?,
                        file,
                    })
                })
                .collect(),
        ));
        *known = Some((state, images.clone()));
        images
    }

    /// The image that an address lies in.
    pub(super) fn of(&self, address: usize) -> Option<&Image> {
        self.0
            .iter()
            .find(|image| (image.start..image.end).contains(&address))
    }

    /// Writes those that these addresses lie in, each once, as a list (EXC-74). Nothing where there is none.
    pub(super) fn write(&self, out: &mut Vec<u8>, addresses: &[usize]) {
        let used = self.0.iter().filter(|image| {
            addresses
                .iter()
                .any(|address| (image.start..image.end).contains(address))
        });
        for (at, image) in used.enumerate() {
            out.push(if at == 0 { b'[' } else { b',' });
            image.write(out);
        }
        if !out.is_empty() {
            out.push(b']');
        }
    }
}

impl Image {
    fn write(&self, out: &mut Vec<u8>) {
        let Self {
            start,
            end: _,
            file,
            elf:
                Elf {
                    build_id,
                    vmaddr,
                    size,
                },
        } = self;
        let code_id = build_id.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        out.extend_from_slice(br#"{"type":"elf""#);
        for (key, value) in [
            ("debug_id", debug_id(build_id).as_str()),
            ("image_addr", &format!("{start:#x}")),
            ("image_vmaddr", &format!("{vmaddr:#x}")),
            ("code_file", file),
            ("code_id", &code_id),
            ("arch", arch(std::env::consts::ARCH)),
        ] {
            out.push(b',');
            write_text(out, key);
            out.push(b':');
            write_text(out, value);
        }
        out.extend_from_slice(format!(r#","image_size":{size}}}"#).as_bytes());
    }
}

/// The files that code is mapped from, from the text of `/proc/self/maps`.
fn mapped_files(maps: &str) -> Vec<Mapped> {
    let mut files: Vec<Mapped> = Vec::new();
    for line in maps.lines() {
        // `55d0c8a00000-55d0c8a21000 r-xp 00021000 fd:01 1234   /srv/shop/bin/shop`
        let mut fields = line.splitn(6, ' ');
        let (Some(range), Some(access), Some(file)) = (fields.next(), fields.next(), fields.nth(3))
        else {
            continue;
        };
        let file = file.trim_start();
        let range = range.split_once('-').and_then(|(start, end)| {
            let address = |text| usize::from_str_radix(text, 16).ok();
            Some((address(start)?, address(end)?))
        });
        let Some((start, end)) = range else { continue };
        if !file.starts_with('/') {
            continue;
        }
        let is_code = access.contains('x');
        // Mappings are listed by address, so those of one file mostly follow one another.
        if let Some(mapped) = files.iter_mut().rev().find(|mapped| mapped.file == file) {
            mapped.start = mapped.start.min(start);
            mapped.end = mapped.end.max(end);
            mapped.is_code |= is_code;
        } else {
            files.push(Mapped {
                file: file.to_owned(),
                start,
                end,
                is_code,
            });
        }
    }
    files.retain(|mapped| mapped.is_code);
    files
}

impl Elf {
    /// `None` where the file is gone, is no ELF file, or has no build ID.
    fn read(file: &str) -> Option<Self> {
        // A program that was replaced while it runs is still there under this name.
        let own = std::fs::read_link("/proc/self/exe").is_ok_and(|own| own == Path::new(file));
        let file = File::open(if own { "/proc/self/exe" } else { file }).ok()?;
        // Only what is asked for is read of it.
        let cache = ReadCache::new(file);
        Self::of::<Header>(&cache)
    }

    fn of<H: FileHeader>(file: &ReadCache<File>) -> Option<Self> {
        let header = H::parse(file).ok()?;
        let endian = header.endian().ok()?;
        let (mut build_id, mut vmaddr, mut end) = (None, u64::MAX, 0);
        for segment in header.program_headers(endian, file).ok()? {
            if let Ok(Some(notes)) = segment.notes(endian, file) {
                build_id = build_id.or_else(|| build_id_of(endian, notes));
            }
            if segment.p_type(endian) == elf::PT_LOAD {
                let start: u64 = segment.p_vaddr(endian).into();
                vmaddr = vmaddr.min(start);
                end = end.max(start.saturating_add(segment.p_memsz(endian).into()));
            }
        }
        Some(Self {
            build_id: build_id?,
            vmaddr,
            size: end.checked_sub(vmaddr)?,
        })
    }
}

fn build_id_of<H: FileHeader>(
    endian: H::Endian,
    mut notes: NoteIterator<'_, H>,
) -> Option<Vec<u8>> {
    while let Ok(Some(note)) = notes.next() {
        if note.name() == elf::ELF_NOTE_GNU && note.n_type(endian) == elf::NT_GNU_BUILD_ID {
            return Some(note.desc().to_vec()).filter(|id| !id.is_empty());
        }
    }
    None
}

/// The first 16 bytes of the build ID as a little-endian GUID; a shorter one, as `lld` makes it, is filled up with zeros
/// as the tools that upload symbols do (EXC-75).
fn debug_id(build_id: &[u8]) -> String {
    let mut bytes = [0; 16];
    let known = build_id.len().min(16);
    bytes[..known].copy_from_slice(&build_id[..known]);
    Uuid::from_bytes_le(bytes).to_string()
}

/// The architecture as error tracking calls it.
fn arch(rust: &str) -> &str {
    match rust {
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Images, arch, debug_id, mapped_files};

    #[test]
    fn exc_75_the_debug_id_is_the_build_id_as_a_little_endian_guid() {
        let build_id: Vec<u8> = (1..=20).collect();
        assert_eq!(debug_id(&build_id), "04030201-0605-0807-090a-0b0c0d0e0f10");
        assert_eq!(
            debug_id(&build_id[..8]),
            "04030201-0605-0807-0000-000000000000"
        );
    }

    #[test]
    fn exc_74_the_architecture_is_arm64_not_aarch64() {
        assert_eq!((arch("aarch64"), arch("x86_64")), ("arm64", "x86_64"));
    }

    #[test]
    fn exc_72_an_image_covers_all_mappings_of_its_file() {
        let maps = "\
            55d0c8a00000-55d0c8a21000 r--p 00000000 fd:01 1234                       /srv/shop/bin/shop\n\
            55d0c8a21000-55d0c8b00000 r-xp 00021000 fd:01 1234                       /srv/shop/bin/shop\n\
            55d0c8b00000-55d0c8b10000 rw-p 00100000 fd:01 1234                       /srv/shop/bin/shop\n\
            7f0000000000-7f0000001000 r--p 00000000 fd:01 99                         /usr/share/data file\n\
            7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]\n\
            nonsense\n";
        let files = mapped_files(maps);
        assert_eq!(files.len(), 1);
        let shop = &files[0];
        assert_eq!(shop.file, "/srv/shop/bin/shop");
        assert_eq!((shop.start, shop.end), (0x55d0_c8a0_0000, 0x55d0_c8b1_0000));
    }

    #[test]
    fn exc_74_an_image_is_listed_once_and_only_where_a_frame_lies_in_it() {
        let images = Images::loaded();
        let here =
            exc_74_an_image_is_listed_once_and_only_where_a_frame_lies_in_it as fn() as usize;
        let Some(image) = images.of(here) else {
            // This program was linked without a build ID.
            assert!(
                images
                    .0
                    .iter()
                    .all(|image| !(image.start..image.end).contains(&here))
            );
            return;
        };
        assert!(image.start <= here);
        let mut out = Vec::new();
        images.write(&mut out, &[here, here + 1]);
        let list: serde_json::Value = serde_json::from_slice(&out).unwrap_or_default();
        assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
        assert_eq!(list[0]["image_addr"], format!("{:#x}", image.start));
        out.clear();
        images.write(&mut out, &[1]);
        assert!(out.is_empty());
    }
}
