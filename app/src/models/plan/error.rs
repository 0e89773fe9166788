//! Why a list of layers is no network.

/// What is wrong with a list of layers: which layer, what about it, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The number of its inputs is not what arrives.
    #[error(
        "{layer} takes {takes} inputs, but {arrive} arrive: set its inputs to {arrive}, or change the layer before it"
    )]
    Inputs {
        /// Position and name.
        layer: String,
        /// Channels or units it is declared for.
        takes: usize,
        /// Channels or units of what it would read.
        arrive: usize,
    },
    /// A size that must be at least 1 is 0.
    #[error("{layer} has 0 {what}: give it at least 1")]
    Zero {
        /// Position and name.
        layer: String,
        /// What there is none of.
        what: &'static str,
    },
    /// A window without padding fits nowhere.
    #[error(
        "{layer} has a window of {size}x{size}, but the image that arrives is {side}x{side}: \
         choose a window of at most {side}, or SAME padding"
    )]
    Window {
        /// Position and name.
        layer: String,
        /// Side of the window.
        size: usize,
        /// Side of the image.
        side: usize,
    },
    /// A window, or the step between two, larger than any kernel counts with.
    #[error("{layer} has a {what} of {size}: choose at most {max}")]
    TooFar {
        /// Position and name.
        layer: String,
        /// Which of its sizes.
        what: &'static str,
        /// What it is.
        size: usize,
        /// What it can be.
        max: usize,
    },
    /// A layer of images gets a vector.
    #[error(
        "{layer} needs an image, but a vector arrives: put it before the flatten, mean pool or dense layer \
         that makes the vector"
    )]
    NeedsImage {
        /// Position and name.
        layer: String,
    },
    /// A dense layer gets an image.
    #[error("{layer} needs a vector, but an image arrives: put a flatten or a mean pool before it")]
    NeedsVector {
        /// Position and name.
        layer: String,
    },
    /// A list of branches without a branch.
    #[error("{layer} has no branch: give it one at least; one without layers passes its input on")]
    NoBranch {
        /// Position and name.
        layer: String,
    },
    /// Branches that cannot stand side by side.
    #[error(
        "{layer}: branch 1 ends with {first}, branch {branch} with {other}: outputs that are joined need one side; \
         give the branches the same strides and windows"
    )]
    Branches {
        /// Position and name.
        layer: String,
        /// The branch that differs from the first, counted from 1.
        branch: usize,
        /// What the first makes.
        first: String,
        /// What the other makes.
        other: String,
    },
    /// A flattened image cannot stand beside another: its units are ordered by channel.
    #[error(
        "{layer}: branch {branch} ends with a flattened image: put the flatten behind the branches"
    )]
    FlattenedBranch {
        /// Position and name.
        layer: String,
        /// The branch, counted from 1.
        branch: usize,
    },
    /// Two parameters of one name would start with the same values and be one in a checkpoint.
    #[error(
        "{layer}: another layer has a parameter `{parameter}` already: give this one a name of its own"
    )]
    Name {
        /// Position and name.
        layer: String,
        /// The name that is there twice.
        parameter: String,
    },
    /// More numbers than this program can count.
    #[error(
        "{layer} makes more numbers than can be counted here: choose smaller images or fewer channels"
    )]
    TooLarge {
        /// Position and name.
        layer: String,
    },
    /// Images without pixels or channels.
    #[error(
        "images of {side}x{side} with {channels} channels are empty: both numbers must be at least 1"
    )]
    EmptyImage {
        /// Height and width in pixels, 0 where there are none.
        side: usize,
        /// Numbers a pixel, 0 where there are none.
        channels: usize,
    },
    /// What comes out is not one number a class.
    #[error(
        "the network ends with {end}, but logits are a vector: end it with a dense layer or a mean pool"
    )]
    Logits {
        /// What the last layer makes.
        end: String,
    },
    /// Nothing in the network has parameters.
    #[error("the network has no parameters, so there is nothing to learn: add a dense layer")]
    NoParameters,
}
