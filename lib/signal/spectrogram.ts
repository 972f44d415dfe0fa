/** Natural logarithm of the least power that a log-spectrogram tells apart from silence, ln(1e-10). */
export const logPowerFloor = Math.log(1e-10);
