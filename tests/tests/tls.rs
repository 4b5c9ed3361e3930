//! The event path over TLS, to servers that are who they say and to others; and by way of proxies.

mod support;

use posthog::{
    CaptureMode, Client, DeliveryFailureKind, HttpTransport, Options, RootCertificates, Stats,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::{CryptoProvider, GetRandomFailed, SecureRandom, ring},
    pki_types::{CertificateDer, PrivateKeyDer},
};
use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};
use support::{MOMENT, PATIENCE, log_lines};

const KEY: &str = "phc_whispered";

/// An authority that nobody knows but who is told.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: Vec<u8>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // With the name of those it vouches for, they would count as self-signed.
        let name = &mut params.distinguished_name;
        name.push(DnType::CommonName, "an authority");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            pem: certificate.pem(),
            der: certificate.der().to_vec(),
            issuer: Issuer::new(params, key),
        }
    }

    fn roots(&self) -> RootCertificates {
        RootCertificates::from_pem(self.pem.as_bytes()).expect("one certificate")
    }

    /// A server with a certificate for that name or address.
    fn server(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Server {
        let (params, key) = parameters(name, change);
        let certificate = params.signed_by(&key, &self.issuer);
        Server::start(certificate.expect("a certificate").der().clone(), &key)
    }

    fn good_server(&self) -> Server {
        self.server("127.0.0.1", |_| ())
    }
}

fn parameters(
    name: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    change(&mut params);
    (params, KeyPair::generate().expect("a key"))
}

/// A server on loopback that speaks TLS and says yes to every request.
struct Server {
    address: SocketAddr,
    bodies: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    fn start(certificate: CertificateDer<'static>, key: &KeyPair) -> Self {
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows them")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("a certificate and its key");
        let (config, bodies) = (Arc::new(config), Arc::<Mutex<Vec<String>>>::default());
        let connections = Arc::<AtomicUsize>::default();
        let (noted, counted) = (Arc::clone(&bodies), Arc::clone(&connections));
        let address = listen(move |socket| {
            let tls = ServerConnection::new(Arc::clone(&config)).expect("a configuration in order");
            let mut stream = BufReader::new(StreamOwned::new(tls, socket));
            for nth in 0.. {
                let body = read_request(&mut stream)?;
                counted.fetch_add(usize::from(nth == 0), Ordering::Relaxed);
                noted
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(body);
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"status\":1}";
                stream.get_mut().write_all(answer)?;
                stream.get_mut().flush()?;
            }
            Ok(())
        });
        Self {
            address,
            bodies,
            connections,
        }
    }

    fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    fn bodies(&self) -> Vec<String> {
        self.bodies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Serves each connection on a thread of its own, as long as the process lives.
fn listen(
    serve: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let serve = serve.clone();
            // A client that turns away is what half of these tests are about.
            thread::spawn(move || serve(socket));
        }
    });
    address
}

/// A request's body.
fn read_request(stream: &mut impl BufRead) -> io::Result<String> {
    let head = read_head(stream)?;
    let length = head
        .lines()
        .find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        })
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn read_head(stream: &mut impl BufRead) -> io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

/// A proxy on loopback that connects whom it is asked to, and notes whom.
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(greet: fn(&mut TcpStream) -> io::Result<String>) -> Self {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&asked);
        let address = listen(move |mut socket| {
            let target = greet(&mut socket)?;
            noted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(target.clone());
            let server = TcpStream::connect(target)?;
            let (mut from, mut to) = (socket.try_clone()?, server.try_clone()?);
            thread::spawn(move || io::copy(&mut from, &mut to));
            let (mut from, mut to) = (server, socket);
            io::copy(&mut from, &mut to)?;
            to.shutdown(Shutdown::Both)
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// An HTTP proxy: `CONNECT host:port HTTP/1.1`.
fn by_connect(socket: &mut TcpStream) -> io::Result<String> {
    let head = read_head(&mut BufReader::new(&mut *socket))?;
    socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let target = head.split(' ').nth(1).unwrap_or_default();
    Ok(target.to_owned())
}

/// A SOCKS proxy, of version 5, asked for an IPv4 address (RFC 1928).
fn by_socks(socket: &mut TcpStream) -> io::Result<String> {
    let mut hello = [0; 2];
    socket.read_exact(&mut hello)?;
    socket.read_exact(&mut vec![0; hello[1].into()])?;
    socket.write_all(&[5, 0])?;
    let mut asked = [0; 10];
    socket.read_exact(&mut asked)?;
    socket.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let [5, 1, 0, 1, a, b, c, d, high, low] = asked else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    let port = u16::from_be_bytes([high, low]);
    Ok(SocketAddr::from(([a, b, c, d], port)).to_string())
}

fn transport(roots: RootCertificates) -> Arc<HttpTransport> {
    Arc::new(HttpTransport::builder().root_certificates(roots).build())
}

/// Sends one event; the books afterwards.
fn after_one_event(options: Options, transport: Arc<HttpTransport>) -> Stats {
    after_events(1, options, transport)
}

/// Sends events one by one, and gives the server a moment after each; the books afterwards.
fn after_events(events: u64, options: Options, transport: Arc<HttpTransport>) -> Stats {
    log_lines::collect();
    let options = options.max_retries(0).request_timeout(PATIENCE);
    let client = Client::with_transport(options, transport).expect("options in order");
    for event in 0..events {
        if event > 0 {
            thread::sleep(MOMENT);
        }
        client.capture("e");
        assert_eq!(client.flush(PATIENCE), Ok(()));
    }
    client.stats()
}

/// Sends one event to a server that is not to be believed, and whose certificate shows why.
fn is_not_believed(server: &Server, roots: RootCertificates, reason: &str) {
    let failures = Arc::<Mutex<Vec<_>>>::default();
    let noted = Arc::clone(&failures);
    let options = Options::new(KEY)
        .host(server.url())
        .on_error(move |failure| {
            let what = (failure.kind, failure.status, failure.attempts);
            noted.lock().expect("no panic").push(what);
        });
    let stats = after_one_event(options, transport(roots));
    assert_eq!((stats.delivered, stats.failed), (0, 1));
    assert_eq!(
        *failures.lock().expect("no panic"),
        [(DeliveryFailureKind::Exhausted, None, 1)]
    );
    assert_eq!(server.bodies(), Vec::<String>::new());
    let lines = log_lines::with(&["[PostHog]", "the connection failed: TLS: ", reason]);
    assert!(!lines.is_empty(), "{:#?}", log_lines::with(&["[PostHog]"]));
    assert!(log_lines::with(&[KEY]).is_empty());
}

#[test]
fn dlv_73_events_go_over_tls_to_a_server_with_a_good_certificate() {
    let authority = Authority::new();
    for roots in [
        authority.roots(),
        RootCertificates::from_der([&authority.der]).expect("a certificate"),
        RootCertificates::from_pem([&*authority.pem, &Authority::new().pem].concat().as_bytes())
            .expect("two certificates"),
    ] {
        let server = authority.good_server();
        let stats = after_one_event(Options::new(KEY).host(server.url()), transport(roots));
        assert_eq!((stats.delivered, stats.failed), (1, 0));
        let bodies = server.bodies();
        assert!(
            bodies.len() == 1 && bodies[0].contains(r#""event":"e""#),
            "{bodies:?}"
        );
    }
    assert!(log_lines::with(&[KEY]).is_empty());
}

#[test]
fn dlv_70_a_connection_over_tls_is_kept() {
    let authority = Authority::new();
    let server = authority.good_server();
    let options = Options::new(KEY).host(server.url());
    let client = Client::with_transport(options, transport(authority.roots())).expect("in order");
    for _ in 0..3 {
        client.capture("e");
        assert_eq!(client.flush(PATIENCE), Ok(()));
    }
    assert_eq!(server.bodies().len(), 3);
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
}

#[test]
fn dlv_74_an_expired_certificate_is_a_transport_failure() {
    let authority = Authority::new();
    let server = authority.server("127.0.0.1", |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 2, 1);
    });
    is_not_believed(&server, authority.roots(), "certificate expired");
}

#[test]
fn dlv_74_a_certificate_for_another_name_is_a_transport_failure() {
    let authority = Authority::new();
    let server = authority.server("elsewhere.example", |_| ());
    is_not_believed(&server, authority.roots(), "not valid for name");
}

#[test]
fn dlv_74_a_self_signed_certificate_is_a_transport_failure() {
    let (params, key) = parameters("127.0.0.1", |_| ());
    let certificate = params.self_signed(&key).expect("a certificate");
    let server = Server::start(certificate.der().clone(), &key);
    for roots in [Authority::new().roots(), RootCertificates::bundled()] {
        is_not_believed(&server, roots, "UnknownIssuer");
    }
}

#[test]
fn dlv_74_a_certificate_of_an_unknown_authority_is_a_transport_failure() {
    let server = Authority::new().good_server();
    is_not_believed(&server, RootCertificates::bundled(), "UnknownIssuer");
    is_not_believed(&server, Authority::new().roots(), "UnknownIssuer");
}

#[test]
fn dlv_74_a_server_that_speaks_no_tls_is_a_transport_failure() {
    let address = listen(|mut socket| socket.write_all(b"220 mail.example\r\n"));
    let server = Server {
        address,
        bodies: Arc::default(),
        connections: Arc::default(),
    };
    is_not_believed(&server, RootCertificates::bundled(), "corrupt message");
}

#[test]
fn dlv_73_a_handshake_takes_no_longer_than_the_request_may() {
    let address = listen(|_socket| {
        thread::sleep(PATIENCE);
        Ok(())
    });
    log_lines::collect();
    let options = Options::new(KEY)
        .host(format!("https://{address}"))
        .max_retries(0)
        .request_timeout(Duration::from_millis(150));
    let client = Client::new(options).expect("options in order");
    client.capture("e");
    assert_eq!(client.flush(PATIENCE), Ok(()));
    assert_eq!(client.stats().failed, 1);
    assert!(!log_lines::with(&["no answer within 150ms"]).is_empty());
}

#[test]
fn dlv_73_root_certificates_that_are_none_are_an_error() {
    let cut_off = Authority::new().pem.replace("-----END", "");
    let wrong = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";
    let key = KeyPair::generate().expect("a key").serialize_pem();
    for text in ["", "no certificate", &cut_off, wrong, &key] {
        let error = RootCertificates::from_pem(text.as_bytes()).expect_err("no certificate");
        assert_eq!(
            error.to_string(),
            "the root certificates are malformed, or there are none"
        );
    }
    assert!(RootCertificates::from_der([b"ABC"]).is_err());
    assert!(RootCertificates::from_der([[]; 0]).is_err());
}

/// How a process is told what to do.
const HOST: &str = "POSTHOG_TESTS_TLS_HOST";
const ROOTS: &str = "POSTHOG_TESTS_TLS_ROOTS";
const PROVIDER: &str = "POSTHOG_TESTS_TLS_PROVIDER";
const MODE: &str = "POSTHOG_TESTS_TLS_MODE";
const EVENTS: &str = "POSTHOG_TESTS_TLS_EVENTS";

/// The client of the tests below: the environment and rustls's process default belong to a whole process.
#[test]
#[ignore = "it is run by other tests, in a process of its own"]
fn a_client_in_a_process_of_its_own() {
    let Ok(host) = env::var(HOST) else { return };
    let install = env::var_os(PROVIDER).is_some();
    if install {
        CryptoProvider {
            secure_random: &Counting,
            ..ring::default_provider()
        }
        .install_default()
        .expect("the first");
    }
    let roots = match env::var(ROOTS) {
        Ok(text) => RootCertificates::from_pem(text.as_bytes()).expect("certificates"),
        Err(_) => RootCertificates::platform(),
    };
    let mode = match env::var(MODE).as_deref() {
        Ok("v1") => CaptureMode::V1,
        _ => CaptureMode::V0,
    };
    let options = Options::new(KEY).host(host).capture_mode(mode);
    let events = env::var(EVENTS).map_or(1, |events| events.parse().expect("a number"));
    let stats = after_events(events, options, transport(roots));
    assert_eq!(
        (stats.delivered, stats.failed),
        (events, 0),
        "{:#?}",
        log_lines::all()
    );
    assert!(log_lines::with(&[KEY]).is_empty());
    assert_eq!(COUNTED.load(Ordering::Relaxed) > 0, install);
}

static COUNTED: AtomicUsize = AtomicUsize::new(0);

/// A provider's source of chance, which counts how often it is asked.
#[derive(Debug)]
struct Counting;

impl SecureRandom for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        COUNTED.fetch_add(1, Ordering::Relaxed);
        ring::default_provider().secure_random.fill(bytes)
    }
}

/// Runs that client with these variables and no other proxies.
fn run_client(host: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new(env::current_exe().expect("this test"));
    for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    let output = command
        .args([
            "--exact",
            "--ignored",
            "--nocapture",
            "a_client_in_a_process_of_its_own",
        ])
        .env(HOST, host)
        .envs(variables.iter().copied())
        .output()
        .expect("a process");
    assert!(
        output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"),
        "{variables:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn dlv_73_a_provider_that_the_program_installed_comes_first() {
    let authority = Authority::new();
    let server = authority.good_server();
    let roots = (ROOTS, &*authority.pem);
    run_client(&server.url(), &[roots, (PROVIDER, "1")]);
    run_client(&server.url(), &[roots]);
    assert_eq!(server.bodies().len(), 2);
}

/// On other systems it takes more than a variable to be believed.
#[cfg(target_os = "linux")]
#[test]
fn dlv_73_the_platform_says_whom_to_believe_where_that_is_chosen() {
    let authority = Authority::new();
    let server = authority.good_server();
    let file = env::temp_dir().join(format!("posthog-tests-{}.pem", std::process::id()));
    std::fs::write(&file, &authority.pem).expect("a temporary file");
    run_client(
        &server.url(),
        &[("SSL_CERT_FILE", file.to_str().expect("a path of text"))],
    );
    std::fs::remove_file(&file).expect("the temporary file");
    assert_eq!(server.bodies().len(), 1);
}

#[test]
fn dlv_73_a_proxy_in_the_environment_is_used() {
    let authority = Authority::new();
    for (scheme, greet) in [
        ("http", by_connect as fn(&mut TcpStream) -> _),
        ("socks5", by_socks),
    ] {
        for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "http_proxy"] {
            let (server, proxy) = (authority.good_server(), Proxy::start(greet));
            let url = format!("{scheme}://{}", proxy.address);
            run_client(&server.url(), &[(ROOTS, &authority.pem), (name, &url)]);
            assert_eq!(proxy.asked(), [server.address.to_string()], "{url}");
            assert_eq!(server.bodies().len(), 1, "{url}");
        }
    }
}

#[test]
fn dlv_73_a_proxy_is_used_for_http_too() {
    // V1 has the key in its head, which is put in behind the HTTP library: past the proxy, too.
    for (mode, path) in [("v0", "/batch/"), ("v1", "/i/v1/analytics/events")] {
        let server = posthog_tests::LocalPostHog::start();
        let proxy = Proxy::start(by_connect);
        let url = format!("http://{}", proxy.address);
        run_client(&server.url(), &[("HTTP_PROXY", &url), (MODE, mode)]);
        assert_eq!(server.requests()[0].path, path);
        assert_eq!((proxy.asked().len(), server.events().len()), (1, 1));
        assert_eq!(server.violations(), Vec::<String>::new());
    }
}

#[test]
fn dlv_74_a_connection_that_was_closed_behind_a_proxy_takes_no_request() {
    let address = listen(|mut socket| {
        read_request(&mut BufReader::new(&mut socket))?;
        // It does not say that it closes the connection, and does.
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    });
    let host = format!("http://{address}");
    run_client(&host, &[(EVENTS, "3")]);
    let proxy = Proxy::start(by_connect);
    let url = format!("http://{}", proxy.address);
    run_client(&host, &[(EVENTS, "3"), ("HTTP_PROXY", &url)]);
    assert_eq!(proxy.asked().len(), 3);
}

#[test]
fn dlv_73_no_proxy_is_used_for_the_hosts_of_no_proxy() {
    let authority = Authority::new();
    let (server, proxy) = (authority.good_server(), Proxy::start(by_connect));
    let url = format!("http://{}", proxy.address);
    let around = [
        (ROOTS, &*authority.pem),
        ("HTTPS_PROXY", &*url),
        ("NO_PROXY", "other.example,127.0.0.1"),
    ];
    run_client(&server.url(), &around);
    assert_eq!((proxy.asked().len(), server.bodies().len()), (0, 1));
}
