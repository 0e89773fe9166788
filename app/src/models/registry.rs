//! The models by name, layer by layer (paper, figure 3 and appendix A).

use super::layer::Layer;

words! {
    /// A network of the paper, or the page's small CNN. Inputs are 28x28 with three channels, outputs ten logits.
    pub enum ModelName {
        /// One hidden layer of 512 units: 1,209,866 parameters.
        Mlp1x512 = "mlp-1x512",
        /// Three hidden layers of 512 units: 1,735,178 parameters.
        Mlp3x512 = "mlp-3x512",
        /// Three blocks of convolution, batch norm, ReLU and pooling, and a dense layer.
        CnnSmall = "cnn-small",
        /// Two convolutions with local response normalization, three dense layers: 1,387,786 parameters.
        AlexnetSmall = "alexnet-small",
        /// The small Inception of figure 3: 1,649,402 parameters, with batch norm or without.
        InceptionSmall = "inception-small",
    }
}

const CLASSES: usize = 10;
const INPUT_CHANNELS: usize = 3;
const INPUT_SIDE: usize = 28;

impl ModelName {
    /// The learning rate a run starts with: the paper's (appendix A), 0.1 for Inception and 0.01 for AlexNet and MLPs;
    /// for `cnn-small`, which is not in the paper, one at which it fits random labels quickly.
    pub fn default_learning_rate(self) -> f64 {
        match self {
            Self::InceptionSmall => 0.1,
            Self::CnnSmall => 0.02,
            Self::Mlp1x512 | Self::Mlp3x512 | Self::AlexnetSmall => 0.01,
        }
    }

    /// What it is, for a list of models.
    pub fn description(self) -> &'static str {
        match self {
            Self::Mlp1x512 => "multilayer perceptron, one hidden layer of 512 ReLU units",
            Self::Mlp3x512 => "multilayer perceptron, three hidden layers of 512 ReLU units",
            Self::CnnSmall => {
                "small CNN for the browser: three blocks of conv 3x3, batch norm, ReLU, max-pool"
            }
            Self::AlexnetSmall => {
                "the paper's small AlexNet: two conv 5x5 with pooling and LRN, dense 384 and 192"
            }
            Self::InceptionSmall => {
                "the paper's small Inception (figure 3), eight two-branch modules"
            }
        }
    }

    /// Its layers. `batch_norm` matters to `inception-small` and `cnn-small`: without it, convolutions have a bias.
    pub fn layers(self, batch_norm: bool) -> Vec<Layer> {
        match self {
            Self::Mlp1x512 => mlp(1),
            Self::Mlp3x512 => mlp(3),
            Self::CnnSmall => cnn_small(batch_norm),
            Self::AlexnetSmall => alexnet_small(),
            Self::InceptionSmall => inception_small(batch_norm),
        }
    }
}

/// Trainable parameters of a network.
pub fn parameter_count(layers: &[Layer]) -> usize {
    layers.iter().flat_map(Layer::parameters).map(|parameter| parameter.len()).sum()
}

fn dense(name: &str, inputs: usize, outputs: usize) -> Layer {
    Layer::Dense { name: name.into(), inputs, outputs }
}

/// Convolution, batch norm if wanted, ReLU.
fn conv_module(
    name: &str,
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    batch_norm: bool,
) -> Vec<Layer> {
    let mut layers =
        vec![Layer::Conv { name: name.into(), inputs, outputs, kernel, stride, bias: !batch_norm }];
    if batch_norm {
        layers.push(Layer::BatchNorm { name: name.into(), channels: outputs });
    }
    layers.push(Layer::Relu);
    layers
}

fn mlp(hidden_layers: usize) -> Vec<Layer> {
    const UNITS: usize = 512;
    let mut layers = vec![Layer::Flatten];
    let mut inputs = INPUT_CHANNELS * INPUT_SIDE * INPUT_SIDE;
    for number in 1..=hidden_layers {
        layers.extend([
            dense(&format!("hidden{number}"), inputs, UNITS),
            Layer::Relu,
            Layer::Dropout,
        ]);
        inputs = UNITS;
    }
    layers.push(dense("logits", inputs, CLASSES));
    layers
}

fn cnn_small(batch_norm: bool) -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut inputs = INPUT_CHANNELS;
    for (number, outputs) in [32, 64, 64].into_iter().enumerate() {
        layers.extend(conv_module(
            &format!("conv{}", number + 1),
            inputs,
            outputs,
            3,
            1,
            batch_norm,
        ));
        layers.push(Layer::MaxPool { size: 2, stride: 2, same: false });
        inputs = outputs;
    }
    // 28 is halved three times, without incomplete windows: 14, 7, 3.
    layers.extend([Layer::Flatten, Layer::Dropout, dense("logits", inputs * 3 * 3, CLASSES)]);
    layers
}

/// The paper says "two (convolution 5x5 -> max-pool 3x3 -> local response normalization) modules" and the two dense
/// layers. With 64 filters and stride 2 (TensorFlow's CIFAR-10 tutorial) the count is the paper's.
fn alexnet_small() -> Vec<Layer> {
    const FILTERS: usize = 64;
    let mut layers = Vec::new();
    for (name, inputs) in [("conv1", INPUT_CHANNELS), ("conv2", FILTERS)] {
        layers.extend(conv_module(name, inputs, FILTERS, 5, 1, false));
        layers
            .extend([Layer::MaxPool { size: 3, stride: 2, same: true }, Layer::LocalResponseNorm]);
    }
    layers.push(Layer::Flatten);
    for (name, inputs, outputs) in [("dense1", 7 * 7 * FILTERS, 384), ("dense2", 384, 192)] {
        layers.extend([Layer::Dropout, dense(name, inputs, outputs), Layer::Relu]);
    }
    layers.extend([Layer::Dropout, dense("logits", 192, CLASSES)]);
    layers
}

fn inception_small(batch_norm: bool) -> Vec<Layer> {
    let mut layers = conv_module("conv1", INPUT_CHANNELS, 96, 3, 1, batch_norm);
    let mut inputs = 96;
    // (1x1 channels, 3x3 channels); a downsampling module has no 1x1 branch but passes its max-pooled input on.
    let modules = [
        (32, 32),
        (32, 48),
        (0, 80),
        (112, 48),
        (96, 64),
        (80, 80),
        (48, 96),
        (0, 96),
        (176, 160),
        (176, 160),
    ];
    for (number, (ones, threes)) in modules.into_iter().enumerate() {
        let name = |branch: &str| format!("inception{}.{branch}", number + 1);
        if ones == 0 {
            layers.push(Layer::Branches(vec![
                conv_module(&name("conv3x3"), inputs, threes, 3, 2, batch_norm),
                vec![Layer::MaxPool { size: 3, stride: 2, same: true }],
            ]));
            inputs += threes;
        } else {
            layers.push(Layer::Branches(vec![
                conv_module(&name("conv1x1"), inputs, ones, 1, 1, batch_norm),
                conv_module(&name("conv3x3"), inputs, threes, 3, 1, batch_norm),
            ]));
            inputs = ones + threes;
        }
    }
    layers.extend([Layer::MeanPool, Layer::Dropout, dense("logits", inputs, CLASSES)]);
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_counts_are_those_of_table_1() {
        for (model, batch_norm, count) in [
            (ModelName::Mlp1x512, true, 1_209_866),
            (ModelName::Mlp3x512, true, 1_735_178),
            (ModelName::AlexnetSmall, true, 1_387_786),
            (ModelName::InceptionSmall, true, 1_649_402),
            (ModelName::InceptionSmall, false, 1_649_402),
        ] {
            assert_eq!(
                parameter_count(&model.layers(batch_norm)),
                count,
                "{} {batch_norm}",
                model.key()
            );
        }
    }

    #[test]
    fn the_small_cnn_counts_as_by_hand() {
        // 3*9*32 + 32, 32*9*64 + 64, 64*9*64 + 64, 576*10 + 10
        assert_eq!(
            parameter_count(&ModelName::CnnSmall.layers(true)),
            896 + 18_496 + 36_928 + 5_770
        );
    }

    #[test]
    fn parameter_names_are_unique_in_every_model() {
        for model in ModelName::ALL {
            let mut names: Vec<_> = model
                .layers(true)
                .iter()
                .flat_map(Layer::parameters)
                .map(|parameter| parameter.name)
                .collect();
            let count = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), count, "{}", model.key());
        }
    }
}
