//! The same sum, in the same order, with any number of threads.

use super::block::{Chunk, Data, Partial, Workspace, block_len};
use super::prepared::Prepared;
use pulp::Arch;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// A step is cut into about this many chunks, so that threads come out even …
const CHUNKS: usize = 64;
/// … none of them so long that the sums of many small parts lose their advantage over one long sum.
const LONGEST: usize = 16_384;

/// The rows of every chunk; they depend on the data alone, never on the threads.
fn chunk_len(n: usize, d: usize) -> usize {
    let block = block_len(d);
    n.div_ceil(CHUNKS).next_multiple_of(block).min(LONGEST / block * block)
}

/// The total so far, and the chunk whose turn it is to be added.
struct Turn {
    next: usize,
    total: Partial,
}

/// Sums all chunks; those that are ready early wait for their turn.
pub(super) fn sum(
    pool: Option<&rayon::ThreadPool>,
    data: Data<'_>,
    prepared: &Prepared,
    references: &[f64],
) -> Partial {
    let (n, d) = data.x.shape();
    let len = chunk_len(n, d);
    let count = n.div_ceil(len);
    let rows = |chunk: usize| -> Range<usize> { chunk * len..n.min((chunk + 1) * len) };
    let arch = Arch::new();
    let layout = prepared.layout;
    let claimed = AtomicUsize::new(0);
    let turn = Mutex::new(Turn { next: 0, total: Partial::zero(layout) });
    let next_turn = Condvar::new();

    let work = || {
        let (mut workspace, mut partial) = (Workspace::new(layout), Partial::zero(layout));
        loop {
            // Chunks are claimed in order, so the one that others wait for is always being worked on.
            let chunk = claimed.fetch_add(1, Ordering::Relaxed);
            if chunk >= count {
                break;
            }
            partial.clear();
            let (workspace, partial) = (&mut workspace, &mut partial);
            arch.dispatch(Chunk { data, rows: rows(chunk), prepared, references, workspace, partial });
            let mut turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            while turn.next != chunk {
                turn = next_turn.wait(turn).unwrap_or_else(PoisonError::into_inner);
            }
            turn.total.add(partial);
            turn.next += 1;
            next_turn.notify_all();
        }
    };
    match pool {
        Some(pool) if count > 1 => {
            pool.broadcast(|_| work());
        }
        _ => work(),
    }
    turn.into_inner().unwrap_or_else(PoisonError::into_inner).total
}
