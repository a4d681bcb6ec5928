//! One writer at a time.

use std::time::{Duration, Instant};

use super::Writer;
use crate::audit::{
    error::AuditError,
    layout::LOCK,
    store::{Access, Context as _, StoredFile},
};

const LONGEST_PAUSE: Duration = Duration::from_millis(2);

impl Writer {
    /// Takes the lock; it goes when the file is dropped, also when the process is killed.
    pub(in crate::audit) fn lock(&self) -> Result<Box<dyn StoredFile>, AuditError> {
        let path = self.directory.join(LOCK);
        let file = self.system.open(&path, Access::Lock).on("open", &path)?;
        let start = Instant::now();
        let mut pause = Duration::from_micros(100);
        while !file.try_lock().on("lock", &path)? {
            if start.elapsed() >= self.options.lock_timeout {
                let seconds = self.options.lock_timeout.as_secs();
                return Err(AuditError::Locked { path: self.directory.clone(), seconds });
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(file)
    }
}
