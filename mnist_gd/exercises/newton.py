"""The exercise on Newton's step."""

import numpy as np

from mnist_gd.exercises._tasks import Task, normal

__all__ = ["MAKERS"]


def _newton_step_task(rng):
    def way(gradient, hessian):
        return np.linalg.solve(hessian, gradient)

    def truth(x, gradient, hessian):
        return x - way(gradient, hessian)

    def inputs(*curvatures):
        turn = np.linalg.qr(rng.normal(size=(len(curvatures),) * 2))[0]
        x, gradient = normal(rng, (len(curvatures),), (len(curvatures),))
        return x, gradient, (turn * curvatures) @ turn.T

    return Task(
        arguments=("x", "gradient", "hessian"),
        returns=("the new x",),
        truth=truth,
        inputs=[inputs(0.5, 1.3, 4.0), inputs(-0.7, 0.4, 2.0, 3.0)],  # a bowl and a saddle
        mistakes={
            "this is the step alone; asked is the point after it": (
                lambda x, g, h: truth(x, g, h) - x
            ),
            "the step is added; it is subtracted": lambda x, g, h: x + way(g, h),
            "the gradient is multiplied by the Hessian, not by its inverse": (
                lambda x, g, h: x - h @ g
            ),
            "each entry of the Hessian is inverted by itself; the inverse matrix is asked": (
                lambda x, g, h: x - (1 / h) @ g
            ),
            "only the diagonal of the Hessian is used": lambda x, g, h: x - g / np.diag(h),
            "the Hessian is missing: this is gradient descent at the rate 1": (
                lambda x, g, h: x - g
            ),
            "the step is half as long: the 1/2 before the square is gone in the derivative": (
                lambda x, g, h: x - way(g, h) / 2
            ),
            "negative curvatures are made positive; Newton's step takes them as they are": (
                lambda x, g, h: (
                    x
                    - np.linalg.eigh(h)[1]
                    @ (g @ np.linalg.eigh(h)[1] / abs(np.linalg.eigvalsh(h)))
                )
            ),
        },
        source="the equation of the step gives",
    )


MAKERS = {"newton-step": _newton_step_task}
