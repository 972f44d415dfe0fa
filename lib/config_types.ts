/**
 * Every setting of Sonospeech and what it means. Ranges stand in `config_schema.ts`, defaults in
 * `config_defaults.ts`.
 *
 * @module
 */

/** The name of a set of sizes. */
export type Preset = "tiny" | "small" | "paper";

/** The settings of a prepared dataset. */
export interface PrepareConfig {
  /** The preset whose sizes are the defaults. */
  readonly preset: Preset;
  /** Seed of the subject split. */
  readonly seed: number;
  /** Length of a window (the paper's interval T), seconds. */
  readonly windowSeconds: number;
  /** Frames stored per window, evenly spaced in time; the paper's clips have 60. */
  readonly framesPerWindow: number;
  /** Height and width of a stored frame, pixels. */
  readonly frameSize: readonly [number, number];
  /** What is kept of a picture: the inside of the fan found by itself, everything, or a box in source pixels. */
  readonly crop:
    | "auto"
    | "none"
    | { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** What must be so before a scan is taken, for the patient's sake. */
  readonly deidentification: {
    /** Put scans aside whose pictures have no mask that somebody looked at and confirmed. */
    readonly requireConfirmedMask: boolean;
    /** Whether to warn of text that may be burnt into what is kept of the picture, or to put the scan aside. */
    readonly burntIn: "warn" | "refuse";
  };
  /** How speech becomes a picture. */
  readonly spectrogram: {
    /** Linear frequency bands as in the paper, or a mel filter bank. */
    readonly scale: "linear" | "mel";
    /** Number of bands M. */
    readonly bands: number;
    /** Rate speech is resampled to, Hz. */
    readonly sampleRate: number;
    /** Length of the analysis window, seconds. */
    readonly winSeconds: number;
    /** Time from one column to the next, seconds. */
    readonly hopSeconds: number;
  };
  /** Shares of the subjects; the rest of 1 trains. */
  readonly split: {
    /** Share of the subjects on which training watches itself. */
    readonly validationShare: number;
    /** Share of the subjects that only evaluation sees. */
    readonly testShare: number;
  };
}

/** The settings of a training run. */
export interface RunConfig {
  /** The preset whose changes to the defaults apply. */
  readonly preset: Preset;
  /** Seed of everything random in the run. */
  readonly seed: number;
  /** How windows become batches (the paper, section 2.1). */
  readonly data: {
    /** Windows in a batch. */
    readonly batchSize: number;
    /**
     * Windows of a batch that are drawn from one scan together; 1 draws every window by itself. Negatives of the same
     * scan can be told by what is seen and said alone, those of other scans also by who speaks.
     */
    readonly windowsPerScan: number;
    /** How many of these follow each other in the scan; 1 draws them from all over it. For `bagSeconds`. */
    readonly consecutiveWindows: number;
    /** Sampled (frame, speech, hard negative) groups of a window, K; at most 4. */
    readonly samplingGroups: number;
    /** Hard negatives come from δ windows away in the same scan, 0 < δ < D; this is D. */
    readonly intervalSkipRange: number;
    /** Whether they come from later windows only, as written in the paper, or from either side. */
    readonly hardNegativeDirection: "after" | "either";
    /** Windows of the same scan closer than this many seconds are no ordinary negatives. */
    readonly neighbourSeconds: number;
    /**
     * Narration may lead or lag the picture: speech of the same scan's windows in the batch that start at most this many
     * seconds from a pair's own is a positive of it too, and no negative (MIL-NCE). 0 is the paper: a pair's own alone.
     */
    readonly bagSeconds: number;
    /** Length of a speech sample, seconds. */
    readonly speechSeconds: number;
    /** Random changes of the pictures while training. */
    readonly augmentation: {
      /** Largest shift, as a share of the frame's size. */
      readonly shift: number;
      /** Largest change of contrast (exponent), as a share. */
      readonly gamma: number;
      /** Largest change of brightness, as a share of full scale. */
      readonly brightness: number;
      /** Largest change of the speech's speed, as a share. */
      readonly speechStretch: number;
      /** Largest shift of the speech in frequency, as a share of the bands. */
      readonly bandShift: number;
      /** Share of the spectrogram's bands and of its columns that may be masked (SpecAugment). */
      readonly spectrogramMask: number;
    };
  };
  /** The dual encoder. */
  readonly model: {
    /** Plain strided convolutions, ResNet-18, or the paper's half-width dilated SE-ResNeXt-50. */
    readonly encoder: "plain" | "resnet18" | "seResNeXt50";
    /** Height and width of the frame the video encoder sees; smaller than the stored frame means a resize. */
    readonly frameSize: readonly [number, number];
    /** Bands and columns of the spectrogram the speech encoder sees. */
    readonly speechSize: readonly [number, number];
    /** Multiplies every width of the encoder. */
    readonly widthMultiplier: number;
    /** Width of the projection head's hidden layer; the paper states none. */
    readonly projectionHidden: number;
    /** Width D of the embeddings; the paper states none. */
    readonly embeddingDim: number;
    /** Width of the hidden layer of the correlation and order heads. */
    readonly headHidden: number;
    /** Share of the old value kept by the running moments of batch normalization at each step. */
    readonly batchNormMomentum: number;
  };
  /** L = α L_cls + β L_cont + γ L_ord, equation 3. */
  readonly losses: {
    /** α. */
    readonly correlationWeight: number;
    /** β. */
    readonly contrastiveWeight: number;
    /** γ. */
    readonly orderWeight: number;
    /** InfoNCE with a learnable temperature and the hard negative in the denominator, or equation 2 as printed. */
    readonly contrastiveForm: "stable" | "literal";
    /** First temperature of the stable form. */
    readonly initialTemperature: number;
    /** The temperature never falls below this. */
    readonly minimumTemperature: number;
    /** Whether the stable form also contrasts each speech sample with all frames. */
    readonly symmetric: boolean;
    /** Whether the hard negatives enter the denominator of the stable form. */
    readonly hardNegatives: boolean;
    /** Floor under the numerator of the literal form, which is negative whenever the hard negative scores higher. */
    readonly literalFloor: number;
  };
  /** Which losses a window gets (the paper, section 2.3). */
  readonly pacing: {
    /**
     * Every window gets every loss; or the paper's two affinity levels from voice activity; or these and affinities
     * learned in training.
     */
    readonly kind: "none" | "voice" | "learned";
    /** Which detector's voicedFraction decides. */
    readonly detector: "energy" | "webrtc";
    /** Windows with at least this voicedFraction have high affinity. */
    readonly voicedFractionThreshold: number;
    /** Of kind `learned`, see `LearnedPace`. */
    readonly learned: {
      /** Epochs in which voice alone decides. */
      readonly warmupEpochs: number;
      /** Share of the old affinity kept at each visit of a window. */
      readonly affinityMomentum: number;
      /** Share of the high-affinity windows that is admitted after the warm-up. */
      readonly initialShare: number;
      /** Share that is admitted in the end. */
      readonly finalShare: number;
      /** Epochs over which the share grows. */
      readonly growthEpochs: number;
      /** How much further a scan's nearest window may be than the threshold, in cosine distance; 0 for no diversity. */
      readonly diversity: number;
      /** Whether admitted windows weigh by their affinity or all the same. */
      readonly selection: "soft" | "hard";
      /** Least weight of an admitted window with soft selection. */
      readonly minimumWeight: number;
      /** Variance of the soft weights' normal distribution, as a factor on that of the affinities. */
      readonly cdfScale: number;
    };
  };
  /** How parameters change (the paper, section 2.4). */
  readonly optimizer: {
    /** Stochastic gradient descent with momentum, as in the paper, or Adam with decoupled weight decay. */
    readonly kind: "sgd" | "adamw";
    /** The highest learning rate; `schedule` lowers it. */
    readonly learningRate: number;
    /** Of sgd. */
    readonly momentum: number;
    /** Of adamw. */
    readonly beta1: number;
    /** Of adamw. */
    readonly beta2: number;
    /** Of adamw. */
    readonly epsilon: number;
    /** Weight decay: of sgd part of the gradient, of adamw apart from it. */
    readonly weightDecay: number;
    /** Whether weight decay reaches biases, scales and the temperature too, as PyTorch does by default. */
    readonly decayBiasAndNorm: boolean;
    /** Largest global L2 norm of the gradients; the paper clips but does not say where. */
    readonly clipNorm: number;
    /** Learning rate over time: divided every few epochs, half a cosine to 0, or constant. */
    readonly schedule: "step" | "cosine" | "constant";
    /** Factor of the step schedule. */
    readonly stepFactor: number;
    /** Epochs between two steps of the step schedule. */
    readonly stepEpochs: number;
    /** Steps over which the learning rate first rises. */
    readonly warmupSteps: number;
  };
  /** The run's length and rhythm. */
  readonly training: {
    /** How many times each window is visited. */
    readonly epochs: number;
    /**
     * Windows that are encoded at once; 0 encodes the whole batch. Losses and gradients are still those of the whole batch,
     * for a third more computing and the memory of one chunk. Batch normalization sees a chunk alone: keep it at 16 or more.
     */
    readonly chunkSize: number;
    /**
     * How activations are stored between kernels: f16 takes half the memory for them and needs a graphics adapter with
     * shader-f16. Sums, losses, gradients, statistics and parameters are float32 either way.
     */
    readonly storage: "f32" | "f16";
    /** Steps between two metric events. */
    readonly logEverySteps: number;
    /** Epochs between two evaluations on the validation subjects; also the rhythm of epoch checkpoints. */
    readonly evaluateEveryEpochs: number;
    /** Minutes between two checkpoints inside an epoch. */
    readonly checkpointMinutes: number;
    /** At most this many windows are embedded in an evaluation while training. */
    readonly evaluationWindows: number;
  };
}
