"""What happened in each epoch of a training run."""

from dataclasses import asdict, dataclass, field

__all__ = ["History"]


@dataclass
class History:
    """Losses and scores, one entry an epoch.

    Attributes
    ----------
    metric : str
        Name of the score.
    train_loss : list of float
        Mean loss over the epoch's batches, taken while the weights move.
    train_score, validation_loss, validation_score : list of float
        Taken at the end of the epoch; empty where they were not asked for.
    seconds : list of float
        Processor time of the process since the training's start, evaluation and every thread of
        BLAS included: what other processes do on the machine meanwhile does not count. In a
        browser it is the time that went by.
    best_epoch : int or None
        That of the lowest validation loss, counted from 1, if the training had a `patience`: the
        parameters that the network has in the end are those of this epoch.
    """

    metric: str = "score"
    train_loss: list = field(default_factory=list)
    train_score: list = field(default_factory=list)
    validation_loss: list = field(default_factory=list)
    validation_score: list = field(default_factory=list)
    seconds: list = field(default_factory=list)
    best_epoch: int | None = None

    def __len__(self):
        """Return the number of finished epochs."""
        judged = (self.train_score, self.validation_loss, self.validation_score)
        return max(map(len, (self.train_loss, *judged, self.seconds)))

    def as_dict(self):
        """Return the history as plain lists, for a record."""
        return asdict(self)

    def plot(self):
        """Draw loss and score against the epoch, however many are finished.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            If Matplotlib is not installed; it comes with the extra ``plots``.
        """
        from mnist_gd.plots import plot_history  # matplotlib only when it is asked for

        return plot_history(self)

    def summary(self):
        """Return the last epoch's figures and how they changed since the first, as text.

        Raises
        ------
        ValueError
            If no epoch is finished.
        """
        if not len(self) or not self.seconds:
            raise ValueError("the history has no finished epoch, or no seconds of one")
        lines = [f"{len(self)} epochs in {self.seconds[-1]:.1f} s"]
        for name, values in [
            ("training loss", self.train_loss),
            (f"training {self.metric}", self.train_score),
            ("validation loss", self.validation_loss),
            (f"validation {self.metric}", self.validation_score),
        ]:
            if values:
                lines.append(f"{name:>20}: {values[-1]:.4f} (after the first: {values[0]:.4f})")
        if self.best_epoch is not None:
            lines.append(f"the network is that of epoch {self.best_epoch}")
        return "\n".join(lines)
