//! The order in which a data set may be written: segments before flags, a prerequisite before the flag that needs it.

use crate::table::data_set::KindRows;

/// How many levels of prerequisites lie below each flag; a missing prerequisite or a cycle is data, not an error.
///
/// Within a cycle one edge has to give way; every other edge still points to a lower depth.
fn prerequisite_depths(kind: &KindRows<'_>) -> Vec<usize> {
    let rows = &kind.rows;
    #[derive(Clone, Copy, PartialEq)]
    enum Visit {
        New,
        Open,
        Done,
    }
    let mut depths = vec![0; rows.len()];
    let mut visits = vec![Visit::New; rows.len()];
    for start in 0..rows.len() {
        if visits[start] != Visit::New {
            continue;
        }
        visits[start] = Visit::Open;
        // An explicit stack: a chain of ten thousand prerequisites must not overflow the host's.
        let mut path = vec![(start, 0)];
        while let Some((index, next)) = path.last_mut() {
            let index = *index;
            let Some(prerequisite) = rows[index].prerequisites.get(*next) else {
                visits[index] = Visit::Done;
                path.pop();
                if let Some((dependent, _)) = path.last() {
                    depths[*dependent] = depths[*dependent].max(depths[index] + 1);
                }
                continue;
            };
            *next += 1;
            match kind.index_of(prerequisite) {
                Some(needed) if visits[needed] == Visit::Done => {
                    depths[index] = depths[index].max(depths[needed] + 1);
                }
                Some(needed) if visits[needed] == Visit::New => {
                    visits[needed] = Visit::Open;
                    path.push((needed, 0));
                }
                _ => {}
            }
        }
    }
    depths
}

/// The rows, as index of their kind and index in it, in groups that must be written one after the other; within a group any order will do.
pub(crate) fn levels(kinds: &[KindRows<'_>]) -> Vec<Vec<(usize, usize)>> {
    let mut levels = vec![Vec::new()];
    for (group, kind) in kinds.iter().enumerate() {
        let depths = if kind.kind.is_features() {
            prerequisite_depths(kind)
        } else {
            vec![]
        };
        for row in 0..kind.rows.len() {
            // What is no flag needs nothing and goes first.
            let level = depths.get(row).map_or(0, |depth| depth + 1);
            if levels.len() <= level {
                levels.resize_with(level + 1, Vec::new);
            }
            levels[level].push((group, row));
        }
    }
    levels
}

#[cfg(test)]
mod tests;
