//! One try to tell one sink.

use super::{aside, command, http, log_file};
use crate::domain::sink::{Endpoint, EndpointError, Notice, Secret, SinkKind, SinkSpec, Template};
use crate::report::notice::body;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

/// How long one try may take as a whole.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest secret, in bytes.
const MAX_SECRET: u64 = 4_096;

/// Tells a sink once. A hook does not see the environment variables in `hidden`, which hold the
/// secrets of sinks.
///
/// # Errors
/// Why it was not told, in the words of a sentence's end; never with a secret in it.
pub async fn deliver(spec: &SinkSpec, notice: &Notice, hidden: &[String]) -> Result<(), String> {
    let told = timeout(PATIENCE, attempt(&spec.kind, notice, hidden)).await;
    told.unwrap_or_else(|_| Err(format!("it took more than {} s", PATIENCE.as_secs())))
}

async fn attempt(kind: &SinkKind, notice: &Notice, hidden: &[String]) -> Result<(), String> {
    match kind {
        SinkKind::Webhook { url, token, template } => {
            webhook(url, token.as_ref(), template, notice).await
        }
        SinkKind::Exec(words) => command::run(words, notice, hidden).await,
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
    match http::post(&endpoint, &body).await? {
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
