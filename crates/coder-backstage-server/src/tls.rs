//! TLS with the certificate of `backend.https.certificate`.

use std::sync::Arc;

use coder_config::{CertificateConfig, ConfigError};
use coder_core::with_causes;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, ServerConfig};

use crate::protocol;

/// Makes the server's side of TLS: TLS 1.2 and 1.3, over which HTTP/2 and HTTP/1.1 are spoken.
///
/// # Errors
///
/// When the certificate or its key cannot be used, at its place in the configuration.
pub(crate) fn acceptor(certificate: &CertificateConfig) -> Result<TlsAcceptor, ConfigError> {
    let chain = chain(certificate)?;
    let key = key(certificate)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config =
        config.and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|error| match error {
        Error::InconsistentKeys(_) => {
            certificate.invalid_key("does not belong to the certificate in `cert`, its neighbour")
        }
        Error::General(_) => certificate
            .invalid_key(format!("is a private key that cannot be used: {}", with_causes(&error))),
        error => certificate.invalid_cert(format!("cannot be used: {}", with_causes(&error))),
    })?;
    config.alpn_protocols = protocol::NAMES.map(<[u8]>::to_vec).into();
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn chain(certificate: &CertificateConfig) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let chain = CertificateDer::pem_slice_iter(certificate.cert.as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(|error| {
        certificate.invalid_cert(format!("cannot be read as PEM: {}", problem_of(&error)))
    })?;
    if chain.is_empty() {
        return Err(certificate.invalid_cert(
            "holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`); name the file with \
             `$file`",
        ));
    }
    Ok(chain)
}

/// Describes what is wrong with a PEM text, without anything of the text: it may hold the key as well.
fn problem_of(error: &pem::Error) -> String {
    match error {
        pem::Error::IllegalSectionStart { .. } => {
            "a line that begins a section holds more than that; break the lines where `\\n` is written"
                .to_owned()
        }
        pem::Error::MissingSectionEnd { .. } => {
            "the line `-----END …-----` of a section is missing".to_owned()
        }
        error => with_causes(error),
    }
}

fn key(certificate: &CertificateConfig) -> Result<PrivateKeyDer<'static>, ConfigError> {
    // The error may quote the text, which is secret.
    PrivateKeyDer::from_pem_slice(certificate.key.expose().as_bytes()).map_err(|_| {
        certificate.invalid_key(
            "holds no private key in PEM (`-----BEGIN PRIVATE KEY-----`) that is not encrypted; \
             name the file with `$file`",
        )
    })
}
