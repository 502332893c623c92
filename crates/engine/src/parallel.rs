//! The same sum, in the same order, with any number of threads.

use super::Engine;
use super::partial_sums::PartialSums;
use super::source::{Data, Source};
use crate::Result;
use crate::arch::Arch;
use executable_em::check;
use std::collections::VecDeque;
use std::hint;
use std::mem;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// What one pass over the data sums.
pub(super) trait Pass: Sync {
    /// The room that one thread works in.
    type Workspace;

    fn workspace(&self) -> Self::Workspace;

    /// How many sums it takes, beside ℓ and the weight of the data.
    fn sums_len(&self) -> usize;

    /// The dimension of the data.
    fn d(&self) -> usize;

    /// How many data are worked on at once.
    fn block_len(&self) -> usize;

    /// About how many multiply–adds a datum takes.
    fn work(&self) -> usize;

    /// Adds a run of rows.
    fn add(
        &self,
        arch: Arch,
        data: Data<'_>,
        rows: Range<usize>,
        workspace: &mut Self::Workspace,
        partial: &mut PartialSums,
    );
}

/// A block of data is cut into about this many chunks, so that threads come out even …
const CHUNKS: usize = 64;
/// … none of them so long that the sums of many small parts lose their advantage over one long sum.
const LONGEST: usize = 16_384;
/// Waking the other threads takes as long as this many multiply–adds.
const WAKING: usize = 200_000;
/// So often the caller looks whether the others are done before it goes to sleep: for the last part of a sweep, which
/// takes less time than to be woken again.
const LOOKS: usize = 2_000;

/// The rows of every chunk; they depend on the data alone, never on the threads.
fn chunk_len(n: usize, block: usize) -> usize {
    n.div_ceil(CHUNKS).next_multiple_of(block).min(LONGEST / block * block)
}

impl Engine {
    /// One pass over all blocks of a source: its sums, and the number of rows.
    ///
    /// [`Error::Empty`](executable_em::Error::Empty) if there are none.
    pub(super) fn pass<P: Pass>(&self, source: &dyn Source, pass: &P) -> Result<(PartialSums, usize)> {
        let mut total = PartialSums::zero(pass.sums_len());
        let mut rows = 0;
        source.read(&mut |data| {
            let n = data.x.nrows();
            check::shape("data", data.x.shape(), (n, pass.d()))?;
            data.check_whole().map_err(|error| error.later_by(rows))?;
            let partial = self.sum(data, pass);
            match partial.impossible {
                Some(row) => return Err(executable_em::Error::ImpossibleDatum { row: rows + row }.into()),
                None if rows == 0 => total = partial,
                None => total.add(&partial),
            }
            rows += n;
            Ok(())
        })?;
        if rows == 0 { Err(executable_em::Error::Empty { what: "data" }.into()) } else { Ok((total, rows)) }
    }

    /// Sums all chunks of a block.
    fn sum<P: Pass>(&self, data: Data<'_>, pass: &P) -> PartialSums {
        let n = data.x.nrows();
        let len = chunk_len(n, pass.block_len());
        let count = n.div_ceil(len);
        let add = |chunk: usize, workspace: &mut P::Workspace, partial: &mut PartialSums| {
            partial.clear();
            pass.add(self.arch, data, chunk * len..n.min((chunk + 1) * len), workspace, partial);
        };
        match &self.pool {
            Some(pool) if count > 1 && n * pass.work() > WAKING => in_turns(pool, pass, count, add),
            _ => {
                let (mut total, mut workspace, mut partial) = (
                    PartialSums::zero(pass.sums_len()),
                    pass.workspace(),
                    PartialSums::zero(pass.sums_len()),
                );
                for chunk in 0..count {
                    add(chunk, &mut workspace, &mut partial);
                    total.add(&partial);
                }
                total
            }
        }
    }
}

/// Chunks done before their turn wait to be added, so many for each thread; then the threads wait.
const EARLY: usize = 4;

/// The sum so far.
struct Turn {
    /// The chunk whose turn it is to be added.
    next: usize,
    total: PartialSums,
    /// Chunks after that one, if they are done.
    early: VecDeque<Option<PartialSums>>,
    /// Room for the sums of chunks to come.
    spare: Vec<PartialSums>,
    are_waiting: bool,
}

/// On all threads. Whatever the order in which chunks are done, they are added in their own.
///
/// Windows of chunks, each a parallel iterator whose parts are added after it, took a fifth longer at 10 000 and
/// 100 000 data in the plane, and as long for a million or for more dimensions.
fn in_turns<P: Pass>(
    pool: &rayon::ThreadPool,
    pass: &P,
    count: usize,
    add: impl Fn(usize, &mut P::Workspace, &mut PartialSums) + Sync,
) -> PartialSums {
    let most_early = EARLY * (pool.current_num_threads() + 1);
    let (early, spare) = ((0..most_early).map(|_| None).collect(), Vec::new());
    let turn = Turn { next: 0, total: PartialSums::zero(pass.sums_len()), early, spare, are_waiting: false };
    let (turn, next_turn, claimed) = (Mutex::new(turn), Condvar::new(), AtomicUsize::new(0));
    let work = || {
        let (mut workspace, mut partial) = (pass.workspace(), PartialSums::zero(pass.sums_len()));
        loop {
            // Chunks are claimed in order, so the one that others wait for is always being worked on.
            let chunk = claimed.fetch_add(1, Ordering::Relaxed);
            if chunk >= count {
                break;
            }
            add(chunk, &mut workspace, &mut partial);
            let mut turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            while chunk >= turn.next + most_early {
                turn.are_waiting = true;
                turn = next_turn.wait(turn).unwrap_or_else(PoisonError::into_inner);
            }
            let place = chunk - turn.next;
            let other = turn.spare.pop().unwrap_or_else(|| PartialSums::zero(pass.sums_len()));
            turn.early[place] = Some(mem::replace(&mut partial, other));
            turn.add_those_in_turn();
            if mem::take(&mut turn.are_waiting) {
                next_turn.notify_all();
            }
        }
    };
    on_all_threads(Some(pool), work);
    turn.into_inner().unwrap_or_else(PoisonError::into_inner).total
}

/// Runs it on the caller's thread, which is awake, and on those of the pool.
pub(super) fn on_all_threads(pool: Option<&rayon::ThreadPool>, work: impl Fn() + Sync) {
    let Some(pool) = pool else {
        return work();
    };
    let busy = AtomicUsize::new(0);
    pool.in_place_scope(|scope| {
        scope.spawn_broadcast(|_, _| {
            busy.fetch_add(1, Ordering::Relaxed);
            work();
            busy.fetch_sub(1, Ordering::Relaxed);
        });
        work();
        (0..LOOKS).take_while(|_| busy.load(Ordering::Relaxed) > 0).for_each(|_| hint::spin_loop());
    });
}

impl Turn {
    fn add_those_in_turn(&mut self) {
        while let Some(partial) = self.early[0].take() {
            self.total.add(&partial);
            self.spare.push(partial);
            self.early.rotate_left(1);
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;
    use std::time::Duration;

    /// Sums the data; the first chunk takes so long that the others are done early, until they must wait.
    struct SlowAtFirst;

    impl Pass for SlowAtFirst {
        type Workspace = ();

        fn workspace(&self) {}

        fn sums_len(&self) -> usize {
            1
        }

        fn d(&self) -> usize {
            1
        }

        fn block_len(&self) -> usize {
            1
        }

        fn work(&self) -> usize {
            WAKING
        }

        fn add(&self, _: Arch, data: Data<'_>, rows: Range<usize>, (): &mut (), partial: &mut PartialSums) {
            if rows.start == 0 {
                std::thread::sleep(Duration::from_millis(50));
            }
            partial.total += rows.len() as f64;
            partial.sums[0] += data.x.as_slice()[rows].iter().sum::<f64>();
        }
    }

    #[test]
    fn chunks_that_are_done_early_are_added_in_their_turn() {
        let x = DMatrix::from_fn(1000, 1, |i, _| (i as f64).sin());
        let data = Data::new(&x).unwrap();
        let sum = |threads| Engine::new(threads).unwrap().pass(&data, &SlowAtFirst).unwrap().0;
        let alone = sum(1);
        assert_eq!(alone.total, 1000.0);
        for threads in [2, 3, 8] {
            let together = sum(threads);
            assert_eq!((together.total, &together.sums), (alone.total, &alone.sums));
        }
    }
}
