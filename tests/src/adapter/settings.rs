//! What the command line says.

use posthog::{CaptureMode, Compression};

/// How all clients of one adapter send, and where it listens.
///
/// ```
/// use posthog_tests::adapter::Settings;
///
/// let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
/// assert!(Settings::parse(words("--capture-mode v1 --encoding zstd 9000")).is_ok());
/// assert!(Settings::parse(words("--encoding zstd")).is_err(), "V0 has gzip only");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub(crate) port: u16,
    pub(crate) mode: CaptureMode,
    pub(crate) encoding: Compression,
}

impl Settings {
    /// Reads the arguments, without the program's name: `--capture-mode v0|v1`, `--encoding NAME`, and the port. They
    /// default to `v0`, `gzip` and 8080; port 0 stands for any free one.
    ///
    /// # Errors
    ///
    /// A sentence that says which argument makes no sense.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut settings = Self {
            port: 8080,
            mode: CaptureMode::V0,
            encoding: Compression::Gzip,
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value.ok_or_else(|| format!("`{argument}` has no value"))
            };
            match argument.as_str() {
                "--capture-mode" => settings.mode = mode(&value()?)?,
                "--encoding" => settings.encoding = encoding(&value()?)?,
                port => {
                    settings.port = port
                        .parse()
                        .map_err(|_| format!("`{port}` is neither a port nor a known option"))?;
                }
            }
        }
        if settings.mode == CaptureMode::V0
            && !matches!(settings.encoding, Compression::None | Compression::Gzip)
        {
            return Err("with `--capture-mode v0` the encoding is `gzip` or `none`".to_owned());
        }
        Ok(settings)
    }

    /// What the harness may test, in its words.
    pub(crate) fn capabilities(self) -> Vec<&'static str> {
        let capture: &[_] = match self.mode {
            CaptureMode::V1 => &["capture_v1"],
            _ => &["capture_v0", "capture_ai_v0"],
        };
        let encoding = match self.encoding {
            Compression::Gzip => Some("encoding_gzip"),
            Compression::Deflate => Some("encoding_deflate"),
            Compression::Brotli => Some("encoding_br"),
            Compression::Zstd => Some("encoding_zstd"),
            _ => None,
        };
        capture.iter().copied().chain(encoding).collect()
    }
}

fn mode(name: &str) -> Result<CaptureMode, String> {
    match name {
        "v0" => Ok(CaptureMode::V0),
        "v1" => Ok(CaptureMode::V1),
        _ => Err(format!("`--capture-mode` is v0 or v1, not `{name}`")),
    }
}

fn encoding(name: &str) -> Result<Compression, String> {
    match name {
        "none" => Ok(Compression::None),
        "gzip" => Ok(Compression::Gzip),
        "deflate" => Ok(Compression::Deflate),
        "br" => Ok(Compression::Brotli),
        "zstd" => Ok(Compression::Zstd),
        _ => Err(format!(
            "`--encoding` is none, gzip, deflate, br or zstd, not `{name}`"
        )),
    }
}
