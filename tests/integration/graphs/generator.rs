//! Draws random networks that fit together: branches two deep, every layer at every place, odd sizes.

use rote::data::Stream;
use rote::models::Layer;

use super::CLASSES;

/// A network that was drawn, with images for it.
#[derive(Debug)]
pub struct Graph {
    pub layers: Vec<Layer>,
    pub side: usize,
    pub channels: usize,
    pub batch: usize,
}

/// What flows at one place of a network that is being drawn.
#[derive(Clone, Copy)]
enum Shape {
    Image {
        side: usize,
        channels: usize,
    },
    /// Of an image with so many pixels, 1 if of none.
    Vector {
        units: usize,
        pixels: usize,
    },
}

/// Draws layers from a stream.
pub struct Generator {
    stream: Stream,
    names: usize,
}

impl Generator {
    fn below(&mut self, bound: usize) -> usize {
        self.stream.below(bound as u32) as usize
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("layer{}", self.names)
    }

    /// Of an output, as often as not in fours: a GPU has other kernels for them.
    fn channels(&mut self) -> usize {
        if self.below(2) == 0 { 4 * (1 + self.below(2)) } else { 1 + self.below(9) }
    }

    fn conv(&mut self, inputs: usize, kernel: usize, stride: usize) -> Layer {
        let (name, outputs) = (self.name(), self.channels());
        Layer::Conv { name, inputs, outputs, kernel, stride, bias: self.below(2) == 0 }
    }

    fn dense(&mut self, inputs: usize, outputs: usize) -> Layer {
        Layer::Dense { name: self.name(), inputs, outputs }
    }

    /// The graph of a seed.
    pub fn graph(seed: u64) -> Graph {
        let mut generator = Self { stream: Stream::new(seed, "graph", 0), names: 0 };
        let (side, channels) = (1 + generator.below(9), 1 + generator.below(5));
        let batch = 1 + generator.below(5);
        let mut shape = Shape::Image { side, channels };
        let mut layers = Vec::new();
        for _ in 0..1 + generator.below(4) {
            layers.extend(generator.image_layer(&mut shape, 0));
            if generator.below(3) == 0 {
                layers.push(generator.shrink(&mut shape));
            }
        }
        layers.extend(generator.vector_from(&mut shape));
        for _ in 0..generator.below(4) {
            layers.extend(generator.vector_layer(&mut shape, 0));
        }
        let Shape::Vector { units, .. } = shape else { unreachable!("made a vector above") };
        layers.push(generator.dense(units, CLASSES));
        if generator.below(4) == 0 {
            layers.push(Layer::Relu);
        }
        Graph { layers, side, channels, batch }
    }

    /// One or two layers that keep the side of an image.
    fn image_layer(&mut self, shape: &mut Shape, depth: usize) -> Vec<Layer> {
        let Shape::Image { side, channels } = *shape else { unreachable!("called for images") };
        let mut layers = Vec::new();
        match self.below(if depth < 2 { 10 } else { 7 }) {
            0 | 1 => {
                let kernel = self.one_of(&[1, 3, 5]);
                layers.push(self.conv(channels, kernel, 1));
                *shape = after(&layers[0], *shape);
                // As often as not with the batch norm that stands there in real networks.
                if let (0, Shape::Image { channels, .. }) = (self.below(2), *shape) {
                    layers.push(Layer::BatchNorm { name: self.name(), channels });
                }
            }
            2 => layers.push(Layer::BatchNorm { name: self.name(), channels }),
            3 => layers.push(Layer::LocalResponseNorm),
            4 => {
                layers.push(Layer::MaxPool { size: self.one_of(&[2, 3]), stride: 1, same: true });
            }
            5 => layers.push(Layer::Dropout),
            6 => layers.push(Layer::Relu),
            _ => {
                let to = if self.below(3) == 0 { self.smaller(side) } else { side };
                let mut branches = Vec::new();
                let mut joined = 0;
                for _ in 0..1 + self.below(3) {
                    let (branch, channels) = self.image_branch(*shape, to, depth + 1);
                    branches.push(branch);
                    joined += channels;
                }
                layers.push(Layer::Branches(branches));
                *shape = Shape::Image { side: to, channels: joined };
            }
        }
        if self.below(3) == 0 {
            layers.push(Layer::Relu);
        }
        layers
    }

    /// A branch from a shape to an image of side `to`, and its channels.
    fn image_branch(&mut self, mut shape: Shape, to: usize, depth: usize) -> (Vec<Layer>, usize) {
        let mut layers = Vec::new();
        let count = self.below(3);
        let shrinks_after = self.below(count + 1);
        for number in 0..=count {
            let Shape::Image { side, .. } = shape else { unreachable!("a branch of images") };
            if number == shrinks_after && side != to {
                layers.push(self.shrink_to(&mut shape, to));
            }
            if number < count {
                layers.extend(self.image_layer_of_one_side(&mut shape, depth));
            }
        }
        let Shape::Image { channels, .. } = shape else { unreachable!("a branch of images") };
        (layers, channels)
    }

    /// As `image_layer`, but drawn again if it is branches that changed the side.
    fn image_layer_of_one_side(&mut self, shape: &mut Shape, depth: usize) -> Vec<Layer> {
        let Shape::Image { side: before, .. } = *shape else { unreachable!("called for images") };
        loop {
            let mut drawn = *shape;
            let layers = self.image_layer(&mut drawn, depth);
            if matches!(drawn, Shape::Image { side, .. } if side == before) {
                *shape = drawn;
                return layers;
            }
        }
    }

    /// Every way to make an image of this side smaller: kernel or window, stride, whether SAME, whether a convolution.
    fn ways(side: usize) -> Vec<(usize, usize, bool, bool)> {
        let mut ways = Vec::new();
        ways.extend([1, 3, 5].map(|kernel| (kernel, 2, true, true)));
        ways.extend([2, 3].map(|size| (size, 2, true, false)));
        let fitting = [(2, 1), (2, 2), (3, 2), (3, 1)].into_iter().filter(|way| way.0 <= side);
        ways.extend(fitting.map(|(size, stride)| (size, stride, false, false)));
        ways
    }

    fn shrunk(side: usize, (size, stride, same, _): (usize, usize, bool, bool)) -> usize {
        if same { side.div_ceil(stride) } else { (side - size) / stride + 1 }
    }

    fn smaller(&mut self, side: usize) -> usize {
        let way = self.one_of(&Self::ways(side));
        Self::shrunk(side, way)
    }

    fn shrink(&mut self, shape: &mut Shape) -> Layer {
        let Shape::Image { side, .. } = *shape else { unreachable!("called for images") };
        let to = self.smaller(side);
        self.shrink_to(shape, to)
    }

    fn shrink_to(&mut self, shape: &mut Shape, to: usize) -> Layer {
        let Shape::Image { side, channels } = *shape else { unreachable!("called for images") };
        let mut ways = Self::ways(side);
        ways.retain(|&way| Self::shrunk(side, way) == to);
        let (size, stride, same, is_convolution) = self.one_of(&ways);
        let layer = if is_convolution {
            self.conv(channels, size, stride)
        } else {
            Layer::MaxPool { size, stride, same }
        };
        *shape = after(&layer, *shape);
        layer
    }

    /// A flatten, a mean pool, or branches that end with mean pools or dense layers.
    fn vector_from(&mut self, shape: &mut Shape) -> Vec<Layer> {
        let Shape::Image { side, channels } = *shape else { unreachable!("called for images") };
        let pixels = side * side;
        match self.below(4) {
            0 => {
                *shape = Shape::Vector { units: channels, pixels: 1 };
                vec![Layer::MeanPool]
            }
            1 => {
                let mut joined = 0;
                let mut branches = Vec::new();
                for _ in 0..2 + self.below(2) {
                    let (mut branch, channels) = self.image_branch(*shape, side, 2);
                    if self.below(2) == 0 {
                        branch.push(Layer::MeanPool);
                        joined += channels;
                    } else {
                        let outputs = self.channels();
                        branch.extend([Layer::Flatten, self.dense(channels * pixels, outputs)]);
                        joined += outputs;
                    }
                    if self.below(3) == 0 {
                        branch.push(Layer::Relu);
                    }
                    branches.push(branch);
                }
                *shape = Shape::Vector { units: joined, pixels: 1 };
                vec![Layer::Branches(branches)]
            }
            _ => {
                *shape = Shape::Vector { units: channels * pixels, pixels };
                vec![Layer::Flatten]
            }
        }
    }

    fn vector_layer(&mut self, shape: &mut Shape, depth: usize) -> Vec<Layer> {
        let Shape::Vector { units, .. } = *shape else { unreachable!("called for vectors") };
        match self.below(if depth < 2 { 5 } else { 4 }) {
            0 => vec![Layer::Relu],
            1 => vec![Layer::Dropout],
            2 | 3 => {
                let outputs = self.channels();
                *shape = Shape::Vector { units: outputs, pixels: 1 };
                let mut layers = vec![self.dense(units, outputs)];
                if self.below(2) == 0 {
                    layers.push(Layer::Relu);
                }
                layers
            }
            _ => {
                let mut joined = 0;
                let mut branches = Vec::new();
                for _ in 0..1 + self.below(3) {
                    let mut inner = *shape;
                    let mut branch = Vec::new();
                    for _ in 0..self.below(3) {
                        branch.extend(self.vector_layer(&mut inner, depth + 1));
                    }
                    if let Shape::Vector { units, pixels: 2.. } = inner {
                        // A flattened image cannot be joined.
                        branch.push(self.dense(units, 3));
                        inner = Shape::Vector { units: 3, pixels: 1 };
                    }
                    let Shape::Vector { units, .. } = inner else { unreachable!("vectors only") };
                    joined += units;
                    branches.push(branch);
                }
                *shape = Shape::Vector { units: joined, pixels: 1 };
                vec![Layer::Branches(branches)]
            }
        }
    }
}

/// The shape behind a convolution or pool.
fn after(layer: &Layer, shape: Shape) -> Shape {
    let Shape::Image { side, channels } = shape else { unreachable!("called for images") };
    match *layer {
        Layer::Conv { stride, outputs, .. } => {
            Shape::Image { side: side.div_ceil(stride), channels: outputs }
        }
        Layer::MaxPool { size, stride, same } => {
            let side = if same { side.div_ceil(stride) } else { (side - size) / stride + 1 };
            Shape::Image { side, channels }
        }
        _ => shape,
    }
}
