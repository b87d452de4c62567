//! Depths and levels: cases by hand, and random graphs against a simple model.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::table::item::NewRow;
use crate::table::schema::Kind;

fn row<'a>(key: &'a str, prerequisites: &[&'a str]) -> NewRow<'a> {
    NewRow {
        namespace: "features",
        key: Cow::Borrowed(key),
        version: 1,
        item: Cow::Borrowed("{}"),
        prerequisites: prerequisites.iter().copied().map(Cow::Borrowed).collect(),
    }
}

fn kind<'a>(name: &'a str, rows: Vec<NewRow<'a>>) -> KindRows<'a> {
    KindRows::new(Kind::parse(name).unwrap(), rows).unwrap()
}

fn depths(rows: Vec<NewRow<'_>>) -> Vec<usize> {
    prerequisite_depths(&kind("features", rows))
}

#[test]
fn a_prerequisite_is_always_deeper_down() {
    let rows = vec![row("a", &["b", "c"]), row("b", &["c"]), row("c", &["gone"])];
    assert_eq!(depths(rows), [2, 1, 0]);
}

#[test]
fn a_cycle_is_data_and_what_needs_it_comes_after() {
    let rows = vec![
        row("x", &["a"]),
        row("a", &["b"]),
        row("b", &["a"]),
        row("self", &["self"]),
    ];
    let depths = depths(rows);
    assert!(depths[0] > depths[1]);
    assert_eq!(depths[3], 0);
}

#[test]
fn a_long_chain_does_not_overflow_the_stack() {
    let keys: Vec<String> = (0..200_000).map(|n| format!("flag-{n}")).collect();
    let rows: Vec<_> = (0..keys.len())
        .map(|n| match keys.get(n + 1) {
            Some(next) => row(&keys[n], &[next]),
            None => row(&keys[n], &[]),
        })
        .collect();
    assert_eq!(depths(rows)[0], keys.len() - 1);
}

/// For each flag, which flags can be reached from it by going from flag to prerequisite.
fn reachable(edges: &[Vec<usize>]) -> Vec<Vec<bool>> {
    let count = edges.len();
    let mut reachable: Vec<Vec<bool>> = edges
        .iter()
        .map(|needed| (0..count).map(|flag| needed.contains(&flag)).collect())
        .collect();
    for via in 0..count {
        for from in 0..count {
            for to in 0..count {
                reachable[from][to] |= reachable[from][via] && reachable[via][to];
            }
        }
    }
    reachable
}

/// The longest way down, where there is no cycle.
fn longest_way(edges: &[Vec<usize>], flag: usize) -> usize {
    edges[flag]
        .iter()
        .map(|&needed| 1 + longest_way(edges, needed))
        .max()
        .unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn levels_are_those_of_a_simple_model(
        edges in prop::collection::vec(prop::collection::vec(0..14_usize, 0..4), 0..12),
        segments in 0..4_usize,
        segments_first in any::<bool>(),
    ) {
        let keys: Vec<String> = (0..14).map(|n| format!("flag-{n}")).collect();
        let needed = |flag: &Vec<usize>| flag.iter().map(|&n| keys[n].as_str()).collect::<Vec<_>>();
        let flags = edges.iter().enumerate().map(|(n, flag)| row(&keys[n], &needed(flag)));
        let mut kinds = vec![
            kind("features", flags.collect()),
            // Prerequisites mean nothing in another kind.
            kind("segments", (0..segments).map(|n| row(&keys[n], &["flag-0"])).collect()),
        ];
        if segments_first {
            kinds.reverse();
        }
        let flag_group = usize::from(segments_first);

        let levels = levels(&kinds);

        let mut placed: Vec<_> = levels.concat();
        placed.sort_unstable();
        let all: Vec<_> = (0..2).flat_map(|group| (0..kinds[group].rows.len()).map(move |index| (group, index))).collect();
        prop_assert_eq!(placed, all, "every row is in exactly one level");
        let level_of = |flag: usize| levels.iter().position(|level| level.contains(&(flag_group, flag))).unwrap();
        prop_assert!(levels[0].iter().all(|&(group, _)| group != flag_group), "flags come after all segments");
        let known: Vec<Vec<usize>> = edges.iter().map(|flag| flag.iter().copied().filter(|&n| n < edges.len()).collect()).collect();
        let reachable = reachable(&known);
        let has_cycle = (0..known.len()).any(|flag| reachable[flag][flag]);
        for (flag, needed) in known.iter().enumerate() {
            for &needed in needed.iter().filter(|&&needed| !reachable[needed][flag]) {
                prop_assert!(level_of(needed) < level_of(flag));
            }
            if !has_cycle {
                prop_assert_eq!(level_of(flag), 1 + longest_way(&known, flag));
            }
        }
    }
}
