//! Delta debugging over any items.

/// The fewest of `items`, in their order, for which `holds` still is true: none of them can be left out alone. What holds costs as a rule
/// more than what does not, as it ends in a lockup that is waited for; so chunks are large at first, and the last ones, which are often
/// mere remains, are left out first. `None` of `holds` ends the search, and what held last is given.
pub fn ddmin<T: Clone>(items: &[T], holds: &mut dyn FnMut(&[T]) -> Option<bool>) -> Vec<T> {
    let mut kept = items.to_vec();
    let mut size = kept.len();
    while size > 0 {
        let mut end = kept.len();
        let mut shorter = false;
        while end > 0 {
            let begin = end.saturating_sub(size);
            let candidate = [&kept[..begin], &kept[end..]].concat();
            match holds(&candidate) {
                Some(true) => {
                    kept = candidate;
                    shorter = true;
                }
                Some(false) => {}
                None => return kept,
            }
            end = begin;
        }
        size = if size == 1 && shorter { 1 } else { (size / 2).min(kept.len()) };
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::ddmin;

    fn reduced(wanted: &[u32], of: u32) -> (Vec<u32>, usize) {
        let items: Vec<u32> = (0..of).collect();
        let mut calls = 0;
        let kept = ddmin(&items, &mut |kept| {
            calls += 1;
            Some(wanted.iter().all(|one| kept.contains(one)))
        });
        (kept, calls)
    }

    #[test]
    fn what_matters_stays_wherever_it_stands() {
        for wanted in [&[][..], &[0], &[49], &[0, 49], &[7, 8], &[3, 20, 41]] {
            let (kept, calls) = reduced(wanted, 50);
            assert_eq!(kept, wanted);
            assert!(calls < 90, "{calls} calls for {wanted:?}");
        }
    }

    #[test]
    fn what_shows_only_now_and_then_is_never_lost() {
        let items: Vec<u32> = (0..50).collect();
        let mut calls = 0u32;
        let kept = ddmin(&items, &mut |kept| {
            calls += 1;
            Some(!calls.is_multiple_of(3) && kept.contains(&5) && kept.contains(&30))
        });
        assert!(kept.contains(&5) && kept.contains(&30) && kept.len() < 10, "{kept:?}");
    }
}
