//! Work on a file that may hang, such as one on a network mount that is gone: it has a thread of
//! its own, one at a time for each path, and nobody waits for it beyond his patience, neither a
//! later try nor the end of the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, oneshot};

/// The paths that somebody works on or waits for.
static PLACES: Mutex<BTreeMap<PathBuf, Arc<Semaphore>>> = Mutex::new(BTreeMap::new());

/// Does `work` on `path` once whatever is done on it already has ended. When the future is dropped,
/// work that has begun goes on.
///
/// # Errors
/// No thread can be started, or it ended without a result.
pub(super) async fn at<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce(&Path) -> T + Send + 'static,
) -> Result<T, String> {
    let permit = place(path).acquire_owned().await.map_err(|error| error.to_string())?;
    let (tell, told) = oneshot::channel();
    let path = path.to_owned();
    std::thread::Builder::new()
        .name("rdpwatch-file".to_owned())
        .spawn(move || {
            let result = work(&path);
            drop(permit);
            // Whoever asked may have lost patience.
            let _unheard = tell.send(result);
        })
        .map_err(|error| format!("no thread can be started: {error}"))?;
    told.await.map_err(|error| error.to_string())
}

/// Where one at a time passes. Places that nobody uses are forgotten.
fn place(path: &Path) -> Arc<Semaphore> {
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    places.retain(|_, place| Arc::strong_count(place) > 1);
    let place = places.entry(path.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(1)));
    Arc::clone(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_file_that_hangs_takes_one_thread_however_often_it_is_tried() {
        let path = Path::new("/hangs/in/this/test");
        let begun = Arc::new(AtomicU32::new(0));
        let (release, held) = mpsc::channel::<()>();
        let first = {
            let begun = Arc::clone(&begun);
            at(path, move |_| {
                begun.fetch_add(1, Ordering::SeqCst);
                held.recv()
            })
        };
        assert!(timeout(Duration::from_millis(50), first).await.is_err(), "it hangs");
        for _ in 0..40 {
            let begun = Arc::clone(&begun);
            let again = at(path, move |_| begun.fetch_add(1, Ordering::SeqCst));
            assert!(timeout(Duration::from_millis(1), again).await.is_err());
        }
        assert_eq!(at(Path::new("/another"), |_| 7).await, Ok(7), "others are not held up");
        assert_eq!(begun.load(Ordering::SeqCst), 1);
        release.send(()).expect("it waits");
        assert_eq!(at(path, |_| 8).await, Ok(8));
    }

    #[test]
    fn the_end_of_the_program_does_not_wait_for_a_file_that_hangs() {
        let (release, held) = mpsc::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let hangs = at(Path::new("/hangs/at/the/end"), move |_| held.recv());
            assert!(timeout(Duration::from_millis(50), hangs).await.is_err());
        });
        // Would wait for a thread of the runtime.
        drop(runtime);
        release.send(()).expect("it still hangs");
    }
}
