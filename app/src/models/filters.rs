//! The first layer as images: what each of its units looks for.

use super::{ParameterSpec, Role};

/// Units shown.
pub const MOST_FILTERS: usize = 32;

/// The first units of a first layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Filters {
    /// Height and width of each.
    pub side: usize,
    /// `[count, side, side, 4]` RGBA. Grey is a weight of zero; each filter is scaled by its own largest weight. A
    /// filter with a weight that is not finite is black: there is nothing to scale by, and it must not look as if all
    /// was well.
    pub rgba: Vec<u8>,
}

/// The filters of a weight that is applied to images of three channels; none of another kind.
pub fn filters(spec: &ParameterSpec, weight: &[f32]) -> Option<Filters> {
    let (units, side) = match (spec.role, spec.shape.as_slice()) {
        (Role::ConvWeight, &[outputs, 3, side, _]) => (outputs, side),
        (Role::DenseWeight, &[inputs, outputs]) => (outputs, (inputs / 3).isqrt()),
        _ => return None,
    };
    let area = side * side;
    if weight.len() != units * 3 * area {
        return None;
    }
    let at = |unit: usize, channel: usize, place: usize| match spec.role {
        Role::DenseWeight => weight[(channel * area + place) * units + unit],
        _ => weight[(unit * 3 + channel) * area + place],
    };
    let mut rgba = Vec::new();
    for unit in 0..units.min(MOST_FILTERS) {
        let all = (0..3).flat_map(|channel| (0..area).map(move |place| (channel, place)));
        let sizes = all.map(|(channel, place)| at(unit, channel, place).abs());
        let is_finite = sizes.clone().all(f32::is_finite);
        let max = sizes.fold(f32::MIN_POSITIVE, f32::max);
        let byte = |value: f32| {
            if is_finite { (127.5 + 127.5 * value / max).round() as u8 } else { 0 }
        };
        rgba.extend((0..area).flat_map(|place| {
            let [red, green, blue] = [0, 1, 2].map(|channel| byte(at(unit, channel, place)));
            [red, green, blue, u8::MAX]
        }));
    }
    Some(Filters { side, rgba })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::ModelName;

    fn spec(role: Role, shape: &[usize]) -> ParameterSpec {
        ParameterSpec { name: "first.weight".into(), role, shape: shape.to_vec() }
    }

    #[test]
    fn a_kernel_becomes_an_image_with_zero_as_grey() {
        // One unit, three channels, one pixel each: red pulls, green pushes half as much, blue does nothing.
        let found = filters(&spec(Role::ConvWeight, &[1, 3, 1, 1]), &[2.0, -1.0, 0.0]);
        assert_eq!(found, Some(Filters { side: 1, rgba: vec![255, 64, 128, 255] }));
    }

    #[test]
    fn a_filter_with_a_weight_that_is_not_finite_is_black_and_the_others_are_as_they_were() {
        let spec = spec(Role::ConvWeight, &[2, 3, 1, 1]);
        for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let found = filters(&spec, &[2.0, broken, 0.0, 2.0, -1.0, 0.0]).unwrap();
            assert_eq!(found.rgba, [0, 0, 0, 255, 255, 64, 128, 255], "{broken}");
        }
    }

    #[test]
    fn the_weights_of_a_dense_unit_are_a_column() {
        // Two units, images of one pixel: `[inputs, outputs]`.
        let found =
            filters(&spec(Role::DenseWeight, &[3, 2]), &[1.0, 0.0, 0.0, 4.0, 0.0, 0.0]).unwrap();
        assert_eq!(found.rgba, [255, 128, 128, 255, 128, 255, 128, 255]);
    }

    #[test]
    fn every_model_has_filters_and_what_has_none_says_so() {
        for &model in ModelName::ALL {
            let first = model
                .layers(true)
                .iter()
                .flat_map(crate::models::Layer::parameters)
                .next()
                .unwrap();
            let found = filters(&first, &vec![0.5; first.len()]).unwrap();
            assert_eq!(
                found.rgba.len(),
                MOST_FILTERS * found.side * found.side * 4,
                "{}",
                model.key()
            );
        }
        assert_eq!(filters(&spec(Role::Bias, &[3]), &[0.0; 3]), None);
        assert_eq!(filters(&spec(Role::DenseWeight, &[3, 2]), &[0.0; 5]), None);
    }
}
