//! How far a walk over pages of the store has come.

use crate::ports::StoreFailure;

/// A place in an order by text.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    after: Option<String>,
    ended: bool,
}

impl Pages {
    /// What the next page begins after.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    pub(crate) fn seen(&mut self, last: &str) {
        self.after = Some(last.to_owned());
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    pub(crate) fn ended(&self) -> bool {
        self.ended
    }
}

/// Takes in page after page: the next one is read while one is taken in. `read` gets where the last page ended, by `end`; a page
/// with nothing in it is the last.
pub(crate) async fn walk<R, C, F>(
    read: impl Fn(Option<C>) -> F,
    end: impl Fn(&R) -> C,
    mut take: impl FnMut(Vec<R>),
) -> Result<(), StoreFailure>
where
    F: Future<Output = Result<Vec<R>, StoreFailure>>,
{
    let mut page = read(None).await?;
    while let Some(last) = page.last() {
        let next = read(Some(end(last)));
        let (next, ()) = futures_util::future::join(next, async { take(page) }).await;
        page = next?;
    }
    Ok(())
}
