//! Chance that repeats itself: the same seed, the same weather.

/// One step of `SplitMix64` (Steele, Lea, Flood 2014): a well mixed number for every `state`.
#[must_use]
pub const fn splitmix64(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A number below `bound` for this `seed` and draw; 0 when `bound` is.
#[must_use]
pub const fn below(bound: u64, seed: u64, draw: u64) -> u64 {
    if bound == 0 {
        return 0;
    }
    splitmix64(splitmix64(seed) ^ draw) % bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // The first outputs of the reference implementation for seed 1234567: its state grows by
        // the same constant that is added here.
        let golden = 0x9e37_79b9_7f4a_7c15_u64;
        let outputs = [0, 1, 2].map(|n: u64| splitmix64(golden.wrapping_mul(n) + 1_234_567));
        assert_eq!(
            outputs,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn draws_stay_below_their_bound_and_repeat() {
        for draw in 0..1_000 {
            assert!(below(7, 42, draw) < 7);
            assert_eq!(below(7, 42, draw), below(7, 42, draw));
        }
        assert_eq!(below(0, 42, 1), 0);
        let low = (0..10_000).filter(|draw| below(100, 1, *draw) < 6).count();
        assert!((500..700).contains(&low), "{low} of 10000 draws are below 6 %");
    }
}
