//! The first layer as pictures: what each of its units looks for.

use super::{ParameterSpec, Role};

/// Units shown.
pub const MOST_FILTERS: usize = 32;

/// The first units of a first layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Filters {
    /// Height and width of each.
    pub side: usize,
    /// `[count, side, side, 4]` RGBA. Grey is a weight of zero; each filter is scaled by its own greatest weight.
    pub rgba: Vec<u8>,
}

/// The filters of a weight that is applied to pictures of three channels; none of another kind.
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
        let greatest = all
            .map(|(channel, place)| at(unit, channel, place).abs())
            .fold(f32::MIN_POSITIVE, f32::max);
        let byte = |value: f32| (127.5 + 127.5 * value / greatest).round() as u8;
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
    fn a_kernel_becomes_a_picture_with_zero_as_grey() {
        // One unit, three channels, one pixel each: red pulls, green pushes half as much, blue does nothing.
        let found = filters(&spec(Role::ConvWeight, &[1, 3, 1, 1]), &[2.0, -1.0, 0.0]);
        assert_eq!(found, Some(Filters { side: 1, rgba: vec![255, 64, 128, 255] }));
    }

    #[test]
    fn the_weights_of_a_dense_unit_are_a_column() {
        // Two units, pictures of one pixel: `[inputs, outputs]`.
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
