//! Whether clients would trust a gateway's certificate: validated in full, accepted anyway.

use crate::domain::certificate::CertificateSummary;
use crate::domain::sample::ChainTrust;
use crate::domain::time::WallTime;
use crate::probe::tls::provider;
use crate::proto::certificate;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The authorities that certificates are held against.
#[derive(Debug, Clone)]
pub struct Roots {
    store: Arc<RootCertStore>,
    /// `None` without any authority: nothing is validated then.
    verifier: Option<Arc<WebPkiServerVerifier>>,
}

impl Roots {
    /// These authorities; what is no certificate is left out.
    #[must_use]
    pub fn of<'a>(certificates: impl IntoIterator<Item = CertificateDer<'a>>) -> Self {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(certificates);
        let store = Arc::new(store);
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(&store), provider()).build();
        Self { store, verifier: verifier.ok() }
    }

    /// The authorities that this machine trusts, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR`
    /// name. Blocks for some milliseconds to read files.
    #[must_use]
    pub fn system() -> Self {
        let loaded = rustls_native_certs::load_native_certs();
        for error in &loaded.errors {
            tracing::warn!(%error, "an authority of this machine cannot be read");
        }
        Self::of(loaded.certs)
    }

    /// Whether there is no authority at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.verifier.is_none()
    }

    /// What the chain is worth to a client that dials `name`, at `now`.
    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> ChainTrust {
        let Ok(summary) = certificate::summarize(leaf) else { return ChainTrust::Invalid };
        let by_hand = |trusted| dates_and_name(&summary, name, now).unwrap_or(trusted);
        let Some(verifier) = &self.verifier else { return by_hand(ChainTrust::NotValidated) };
        if self.holds(leaf) {
            return by_hand(ChainTrust::Trusted);
        }
        match verifier.verify_server_cert(leaf, intermediates, name, &[], now) {
            Ok(_) => ChainTrust::Trusted,
            Err(Error::InvalidCertificate(error)) => match error {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    ChainTrust::Expired
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    ChainTrust::NotYetValid
                }
                // The chain is fine when the name is looked at. Windows' clients take the common
                // name of a certificate without subjectAltName, webpki does not.
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => by_hand(ChainTrust::Trusted),
                CertificateError::UnknownIssuer => ChainTrust::UnknownIssuer,
                _ if summary.self_signed => ChainTrust::UnknownIssuer,
                _ => ChainTrust::Invalid,
            },
            Err(_) => ChainTrust::Invalid,
        }
    }

    /// Whether the leaf itself is an authority of this machine: a self-signed certificate that
    /// was handed out.
    fn holds(&self, leaf: &CertificateDer<'_>) -> bool {
        let mut own = RootCertStore::empty();
        own.add(leaf.clone().into_owned()).is_ok()
            && own.roots.first().is_some_and(|own| self.store.roots.contains(own))
    }
}

/// What is wrong with the leaf's own dates and names.
fn dates_and_name(
    leaf: &CertificateSummary,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Option<ChainTrust> {
    let now = WallTime::from_unix_secs(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
    if now > leaf.not_after {
        Some(ChainTrust::Expired)
    } else if now < leaf.not_before {
        Some(ChainTrust::NotYetValid)
    } else if leaf.names_host(&name.to_str()) {
        None
    } else {
        Some(ChainTrust::WrongName)
    }
}

/// `now` as a verifier wants it.
fn unix_time(now: WallTime) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(now.unix_secs().unsigned_abs()))
}

/// A chain that a gateway sent, as read by hand.
pub(super) fn judge_chain(
    roots: &Roots,
    chain: &[Vec<u8>],
    name: &ServerName<'_>,
    now: WallTime,
) -> ChainTrust {
    let chain: Vec<CertificateDer<'_>> =
        chain.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    match chain.as_slice() {
        [] => ChainTrust::NotValidated,
        [leaf, intermediates @ ..] => roots.judge(leaf, intermediates, name, unix_time(now)),
    }
}

/// What a gateway presented, and what it is worth.
#[derive(Debug, Clone)]
pub(super) struct Presented {
    pub(super) leaf: Vec<u8>,
    pub(super) count: usize,
    pub(super) trust: ChainTrust,
}

/// A verifier that validates as a client does, keeps the verdict, and lets the handshake go on:
/// nothing secret is ever sent.
#[derive(Debug)]
pub(super) struct Judge {
    roots: Arc<Roots>,
    presented: OnceLock<Presented>,
    /// The signature over the handshake does not fit the certificate's key.
    forged: AtomicBool,
}

impl Judge {
    pub(super) const fn new(roots: Arc<Roots>) -> Self {
        Self { roots, presented: OnceLock::new(), forged: AtomicBool::new(false) }
    }

    /// What was presented, once a certificate came.
    pub(super) fn presented(&self) -> Option<Presented> {
        let presented = self.presented.get()?.clone();
        let trust =
            if self.forged.load(Ordering::Relaxed) { ChainTrust::Invalid } else { presented.trust };
        Some(Presented { trust, ..presented })
    }

    /// Keeps whether the signature fits, and goes on.
    fn note(&self, fits: bool) -> HandshakeSignatureValid {
        self.forged.fetch_or(!fits, Ordering::Relaxed);
        HandshakeSignatureValid::assertion()
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let trust = self.roots.judge(end_entity, intermediates, server_name, now);
        let count = intermediates.len().saturating_add(1);
        let _first = self.presented.set(Presented { leaf: end_entity.to_vec(), count, trust });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &provider().signature_verification_algorithms;
        Ok(self.note(verify_tls12_signature(message, cert, dss, algorithms).is_ok()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &provider().signature_verification_algorithms;
        Ok(self.note(verify_tls13_signature(message, cert, dss, algorithms).is_ok()))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
