//! The transport over HTTP.
//!
//! Whatever is missing for a request, a TLS stack above all, fails that request and panics nowhere.

mod basic;
mod lookup;
#[cfg(feature = "_tls")]
mod roots;
mod secret;
mod tls;
mod turns;

#[cfg(feature = "_tls")]
pub use roots::{InvalidRootCertificates, RootCertificates};

use lookup::{Lookup, NoThread};
use posthog_core::{Request, Response, Transport, TransportError};
use std::{fmt, io::Read};
use tls::Tls;
use ureq::{
    Proxy, ProxyProtocol,
    http::{Uri, uri::Scheme},
    unversioned::transport::{Connector, DefaultConnector},
};

/// Sends requests over HTTP/1.1 and keeps the connection for the next one.
///
/// [`Client::new`](crate::Client::new) and [`init`](crate::init) make one of their own; this type is for
/// [`Client::with_transport`](crate::Client::with_transport), where [other root certificates](HttpTransportBuilder) are
/// wanted. Clones share their connections.
///
/// A proxy is taken from the environment, at the time this is made: the first of `ALL_PROXY`, `HTTPS_PROXY` and
/// `HTTP_PROXY`, in upper or lower case, that is set, for every host that `NO_PROXY` does not list. `http`, `https`,
/// `socks4` and `socks5` proxies will do. (DLV-73)
///
/// It neither retries nor follows redirects: what to do with an answer is the client's to decide (DLV-71).
///
/// ```
/// use posthog::{Client, HttpTransport, Options};
/// use std::sync::Arc;
///
/// # fn main() -> Result<(), posthog::InitError> {
/// # let options = Options::new("phc_project_key").disabled(true);
/// let transport = HttpTransport::builder().build();
/// let client = Client::with_transport(options, Arc::new(transport))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HttpTransport {
    agent: ureq::Agent,
    lookup: Lookup,
    proxy: Option<Proxy>,
    tls: Option<Tls>,
}

impl HttpTransport {
    /// Sets out to make one that differs from the default.
    #[must_use]
    pub fn builder() -> HttpTransportBuilder {
        HttpTransportBuilder::default()
    }

    /// Whether it can reach a host by `https`.
    pub(crate) fn has_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether a request is encrypted on any part of its way: to the server, or to the proxy.
    fn needs_tls(&self, url: &str) -> bool {
        let Ok(uri) = url.parse::<Uri>() else {
            return false;
        };
        let by_https_proxy =
            |proxy: &Proxy| proxy.protocol() == ProxyProtocol::Https && !proxy.is_no_proxy(&uri);
        uri.scheme() == Some(&Scheme::HTTPS) || self.proxy.as_ref().is_some_and(by_https_proxy)
    }

    /// Sends a request and reads its answer.
    fn exchange(
        &self,
        request: &Request,
        authorization: Option<&str>,
    ) -> Result<Response, TransportError> {
        let failed = |error: ureq::Error| failure(&error, request);
        let mut builder = self
            .agent
            .post(&request.url)
            .config()
            .timeout_global(Some(request.timeout))
            .build();
        for (name, value) in &request.headers {
            if *name != AUTHORIZATION {
                builder = builder.header(*name, value.as_str());
            }
        }
        if let Some(authorization) = authorization {
            builder = builder.header(AUTHORIZATION, &*secret::stand_in(authorization));
        }
        let mut answer = builder.send(&request.body[..]).map_err(failed)?;
        let retry_after = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let mut body = Vec::new();
        let read = answer
            .body_mut()
            .as_reader()
            .take(MAX_ANSWER_BYTES)
            .read_to_end(&mut body);
        // A body that breaks off leaves open what became of the request (DLV-74).
        read.map_err(|error| failed(ureq::Error::from(error)))?;
        let mut response = Response::new(answer.status().as_u16()).with_body(body);
        response.retry_after = retry_after;
        Ok(response)
    }
}

impl Default for HttpTransport {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        // ureq panics at this point.
        if !self.has_tls() && self.needs_tls(&request.url) {
            return Err(TransportError::Connection {
                reason: "there is no TLS provider".to_owned(),
            });
        }
        let mut headers = request.headers.iter();
        let authorization = headers
            .find(|(name, _)| *name == AUTHORIZATION)
            .map(|(_, value)| value.clone())
            // The library would make one of it and dump it.
            .or_else(|| basic::authorization(&request.url));
        let authorization = authorization.as_deref();
        // Until the body is read: the server may say the key back.
        let outcome = secret::kept(request.key(), authorization, || {
            self.exchange(request, authorization)
        });
        if outcome.is_err() {
            self.lookup.forget();
        }
        outcome
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport")
            .field("tls", &self.has_tls())
            .finish_non_exhaustive()
    }
}

/// What an [`HttpTransport`] is made of.
#[derive(Clone, Debug, Default)]
pub struct HttpTransportBuilder {
    #[cfg(feature = "_tls")]
    root_certificates: Option<RootCertificates>,
}

impl HttpTransportBuilder {
    /// Which authorities are believed when a server says who it is.
    ///
    /// Defaults to those that are [built in](RootCertificates::bundled); with `tls-native` as the only TLS feature, to
    /// those of the platform. (DLV-73)
    ///
    /// ```
    /// use posthog::{HttpTransport, InvalidRootCertificates, RootCertificates};
    ///
    /// /// For a network whose proxy opens every connection and closes it with a certificate of its own.
    /// fn behind_proxy(certificates: &[u8]) -> Result<HttpTransport, InvalidRootCertificates> {
    ///     let roots = RootCertificates::from_pem(certificates)?;
    ///     Ok(HttpTransport::builder().root_certificates(roots).build())
    /// }
    ///
    /// assert!(behind_proxy(b"no certificate").is_err());
    /// ```
    #[cfg(feature = "_tls")]
    #[must_use]
    pub fn root_certificates(mut self, certificates: RootCertificates) -> Self {
        self.root_certificates = Some(certificates);
        self
    }

    /// The transport.
    ///
    /// This is when the provider of TLS is chosen: the one that the program installed as rustls's process default, else
    /// the one of the features. Where there is none, requests to an `https` host fail;
    /// [`Client::new`](crate::Client::new) says so at once, with [`InitError::NoTls`](crate::InitError::NoTls).
    #[must_use]
    pub fn build(self) -> HttpTransport {
        let (tls, proxy) = (Tls::choose(), Proxy::try_from_env());
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(64 << 10)
            .proxy(proxy.clone());
        #[cfg(feature = "_tls")]
        let config = match &tls {
            Some(tls) => config.tls_config(tls.config(self.root_certificates)),
            None => config,
        };
        let lookup = Lookup::default();
        let has_proxy = proxy.is_some();
        HttpTransport {
            agent: ureq::Agent::with_parts(
                config.build(),
                DefaultConnector::new().chain(secret::KeepKey { has_proxy }),
                lookup.clone(),
            ),
            lookup,
            proxy,
            tls,
        }
    }
}

/// The header that carries the key.
const AUTHORIZATION: &str = "Authorization";

/// What went wrong, without the URL and what else an error may quote.
fn failure(error: &ureq::Error, request: &Request) -> TransportError {
    let reason = match error {
        ureq::Error::Timeout(_) => {
            return TransportError::TimedOut {
                after: request.timeout,
            };
        }
        ureq::Error::Io(error) => {
            return TransportError::Connection {
                reason: tls::reason_within(error).unwrap_or_else(|| error.kind().to_string()),
            };
        }
        ureq::Error::Other(error) if error.is::<NoThread>() => {
            return TransportError::Connection {
                reason: error.to_string(),
            };
        }
        ureq::Error::HostNotFound => "the host was not found",
        ureq::Error::ConnectionFailed => "no connection could be made",
        ureq::Error::ConnectProxyFailed(_) => "the proxy made no connection",
        ureq::Error::Protocol(_) => "the answer is no HTTP",
        ureq::Error::LargeResponseHeader(..) => "the answer's headers are too large",
        other => {
            return TransportError::Connection {
                reason: tls::reason(other)
                    .unwrap_or_else(|| "the request could not be made".to_owned()),
            };
        }
    };
    TransportError::Connection {
        reason: reason.to_owned(),
    }
}

/// How much of an answer is read (DLV-73).
const MAX_ANSWER_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    #[cfg(not(any(
        feature = "tls-ring",
        feature = "tls-aws-lc-rs",
        feature = "tls-native"
    )))]
    mod without_a_provider {
        use crate::{
            Client, HttpTransport, InitError, Options, Request, Response, Transport, TransportError,
        };
        use std::{
            env,
            net::TcpListener,
            process::Command,
            sync::{Arc, Mutex},
            time::Duration,
        };

        #[test]
        fn dlv_73_https_is_an_error_from_the_start_that_names_the_features() {
            let https = Options::new("phc_secret").host("https://localhost");
            let error = Client::new(https).expect_err("no TLS");
            assert_eq!(error, InitError::NoTls);
            let text = error.to_string();
            for feature in [
                "tls-ring",
                "tls-aws-lc-rs",
                "tls-native",
                "tls-app-provider",
            ] {
                assert!(text.contains(feature), "{text}");
            }
            for options in [
                Options::new("phc_secret").host("http://localhost"),
                Options::new("phc_secret").disabled(true),
            ] {
                assert!(Client::new(options).is_ok());
            }
        }

        /// Connections to it are made, and nothing else happens: only there does TLS begin.
        fn listener() -> (TcpListener, String) {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = listener.local_addr().expect("an address");
            (listener, format!("https://{address}"))
        }

        #[test]
        fn dlv_74_a_request_by_https_is_a_transport_failure_and_no_panic() {
            let (_listener, url) = listener();
            fails_to(&url);
        }

        /// The environment belongs to the whole process, so this test runs itself in another.
        #[test]
        fn dlv_74_a_request_by_an_https_proxy_is_a_transport_failure_and_no_panic() {
            const CHILD: &str = "POSTHOG_TESTS_CHILD";
            if env::var_os(CHILD).is_some() {
                return fails_to("http://posthog.example");
            }
            let (_listener, proxy) = listener();
            let status = Command::new(env::current_exe().expect("this test"))
                .arg("dlv_74_a_request_by_an_https_proxy")
                .envs([(CHILD, "1"), ("ALL_PROXY", &proxy)])
                .status();
            assert!(status.expect("a process").success());
        }

        /// Notes why requests fail: not by a panic, at least.
        #[derive(Default)]
        struct Noting {
            inner: HttpTransport,
            reasons: Mutex<Vec<String>>,
        }

        impl Transport for Noting {
            fn send(&self, request: &Request) -> Result<Response, TransportError> {
                self.inner.send(request).inspect_err(|error| {
                    let mut reasons = self.reasons.lock().expect("no panic");
                    reasons.push(error.to_string());
                })
            }
        }

        fn fails_to(host: &str) {
            let options = Options::new("phc_secret").host(host).max_retries(0);
            let transport = Arc::<Noting>::default();
            let client = Client::with_transport(options, Arc::clone(&transport) as _)
                .expect("options in order");
            client.capture("e");
            assert_eq!(client.flush(Duration::from_secs(10)), Ok(()));
            assert_eq!((client.stats().failed, client.stats().pending()), (1, 0));
            assert_eq!(
                *transport.reasons.lock().expect("no panic"),
                ["the connection failed: there is no TLS provider"]
            );
        }
    }
}
