//! A notification on the desktop of whoever runs this program: over the session's D-Bus on Linux and
//! BSD, by the system elsewhere.

use crate::domain::finding::Severity;
use crate::domain::sink::{Notice, SinkEvent};
use crate::domain::text::excerpt;
use notify_rust::Notification;

/// Longest text, in characters; what is longer is cut by most desktops too.
const LONGEST: usize = 600;

/// Shows it once.
///
/// # Errors
/// Nobody shows notifications here, or not this one.
pub(super) async fn show(notice: &Notice) -> Result<(), String> {
    let (summary, body) = texts(notice);
    let mut notification = Notification::new();
    notification.appname("rdpwatch").summary(&summary);
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        use notify_rust::Urgency;
        let urgent = notice.severity == Severity::Critical && notice.event != SinkEvent::Resolved;
        notification.urgency(if urgent { Urgency::Critical } else { Urgency::Normal });
        notification.body(&without_markup(&body));
        let shown = notification.show_async().await;
        shown.map(|_| ()).map_err(|error| format!("the desktop shows nothing: {error}"))
    }
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    {
        notification.body(&body);
        let shown = tokio::task::spawn_blocking(move || notification.show().map(|_| ())).await;
        let shown = shown.map_err(|error| error.to_string())?;
        shown.map_err(|error| format!("the desktop shows nothing: {error}"))
    }
}

/// What is shown large, and below it.
fn texts(notice: &Notice) -> (String, String) {
    let word = match notice.event {
        SinkEvent::Resolved => "OVER".to_owned(),
        SinkEvent::Reminded => format!("STILL {}", notice.severity.word().to_uppercase()),
        SinkEvent::Fired | SinkEvent::Test => notice.severity.word().to_uppercase(),
    };
    let summary = format!("{word} {}: {}", notice.subject(), notice.title);
    let shown = |text: &str| excerpt(text, LONGEST);
    (shown(&summary), shown(&notice.sentence))
}

/// The body may hold markup (Desktop Notifications Specification, "Markup"): none of ours does.
#[cfg(all(unix, not(target_os = "macos")))]
fn without_markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::WallTime;

    #[test]
    fn what_is_shown_is_escaped_and_bounded() {
        let notice = Notice {
            event: SinkEvent::Fired,
            severity: Severity::Critical,
            target: Some("office-pc\n\u{1b}[2J".to_owned()),
            sentence: format!("<b>it & they</b> {}", "long ".repeat(400)),
            ..Notice::test(WallTime::from_unix_secs(0))
        };
        let (summary, body) = texts(&notice);
        assert!(summary.starts_with("TEST CRITICAL office-pc"), "{summary}");
        assert!(!summary.contains(['\n', '\u{1b}']), "{summary:?}");
        assert!(body.chars().count() <= LONGEST + 1, "{}", body.chars().count());
        #[cfg(all(unix, not(target_os = "macos")))]
        assert!(without_markup(&body).starts_with("&lt;b&gt;it &amp; they&lt;/b&gt; long"));
        let (summary, _) = texts(&Notice { event: SinkEvent::Resolved, ..notice });
        assert!(summary.starts_with("OVER office-pc"), "{summary}");
    }
}
