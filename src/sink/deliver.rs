//! One try to tell one sink.

use super::{aside, command, http, log_file};
use crate::domain::sink::{Endpoint, EndpointError, Notice, Secret, SinkKind, SinkSpec, Template};
use crate::report::notice::body;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// How long one try may take as a whole.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Longest secret, in bytes.
const MAX_SECRET: u64 = 4_096;

/// Why a sink was not told, in the words of a sentence's end; never with a secret in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotTold {
    /// Nothing was taken.
    Refused(String),
    /// It was handed over whole and nobody said in time what became of it.
    Unclear(String),
}

impl NotTold {
    /// The words.
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Refused(words) | Self::Unclear(words) => words,
        }
    }
}

/// Tells a sink once. A hook does not see the environment variables in `hidden`, which hold the
/// secrets of sinks.
///
/// # Errors
/// Why it was not told, in the words of a sentence's end; never with a secret in it.
pub async fn deliver(spec: &SinkSpec, notice: &Notice, hidden: &[String]) -> Result<(), String> {
    let told = hand_over(spec, notice, hidden, PATIENCE).await;
    told.map_err(|error| error.words().to_owned())
}

/// The same within `patience`.
///
/// # Errors
/// Why it was not told.
pub(super) async fn hand_over(
    spec: &SinkSpec,
    notice: &Notice,
    hidden: &[String],
    patience: Duration,
) -> Result<(), NotTold> {
    let handed = AtomicBool::new(false);
    let told = timeout(patience, attempt(&spec.kind, notice, hidden, &handed)).await;
    told.map_or_else(
        |_| {
            let words = format!("it took more than {} s", patience.as_secs());
            Err(if handed.load(Ordering::Relaxed) {
                NotTold::Unclear(format!("{words}, and may have arrived"))
            } else {
                NotTold::Refused(words)
            })
        },
        |result| result.map_err(NotTold::Refused),
    )
}

/// Sets `handed` once a server has the whole request, or a program runs.
async fn attempt(
    kind: &SinkKind,
    notice: &Notice,
    hidden: &[String],
    handed: &AtomicBool,
) -> Result<(), String> {
    match kind {
        SinkKind::Webhook { url, token, template } => {
            webhook(url, token.as_ref(), template, notice, handed).await
        }
        SinkKind::Exec(words) => command::run(words, notice, hidden, handed).await,
        SinkKind::File(path) => log_file::append(path, notice).await,
        #[cfg(unix)]
        SinkKind::Syslog => super::syslog::send(Path::new(super::syslog::SOCKET), notice).await,
        #[cfg(not(unix))]
        SinkKind::Syslog => Err("this system has no syslog".to_owned()),
        #[cfg(unix)]
        SinkKind::Journald => {
            super::journald::send(Path::new(super::journald::SOCKET), notice).await
        }
        #[cfg(not(unix))]
        SinkKind::Journald => Err("this system has no journal".to_owned()),
        #[cfg(feature = "desktop")]
        SinkKind::Desktop => super::desktop::show(notice).await,
        #[cfg(not(feature = "desktop"))]
        SinkKind::Desktop => Err(crate::domain::sink::NO_DESKTOP.to_owned()),
        // The screen rings it.
        SinkKind::Bell => Ok(()),
    }
}

async fn webhook(
    url: &Secret,
    token: Option<&Secret>,
    template: &Template,
    notice: &Notice,
    handed: &AtomicBool,
) -> Result<(), String> {
    let endpoint: Endpoint =
        read(url).await?.parse().map_err(|error: EndpointError| format!("{error}"))?;
    let mut body = body(template, notice);
    if let Some(token) = token {
        let token = read(token).await?;
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("the token holds characters that no header field can carry".to_owned());
        }
        body.headers.push(("Authorization", format!("Bearer {token}")));
    }
    if let Some(key) = notice.delivery_key() {
        body.headers.push(("Idempotency-Key", key));
    }
    match http::post(&endpoint, &body, handed).await? {
        200..=299 => Ok(()),
        status => Err(format!("the server answered {status}")),
    }
}

/// The secret itself, read anew each time so that it can be changed.
async fn read(secret: &Secret) -> Result<String, String> {
    match secret {
        Secret::Plain(text) => Ok(text.clone()),
        Secret::Variable(name) => {
            std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))
        }
        Secret::File(path) => read_file(path).await,
    }
}

async fn read_file(path: &Path) -> Result<String, String> {
    let read = aside::at(path, |path| {
        let mut text = String::new();
        File::open(path)?.take(MAX_SECRET).read_to_string(&mut text)?;
        Ok(text.trim().to_owned())
    });
    let failed = |error: io::Error| format!("{} cannot be read: {error}", path.display());
    read.await?.map_err(failed)
}
