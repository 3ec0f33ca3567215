"""Evaluates ONNX models as the operators' documents (onnx.ai, operator set 13) define them, with PyTorch's plain functions.

Only what a generator is made of. An attribute or an input that is not understood is an error.
"""
import numpy
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper


def expect(attributes, **known):
    for name, value in known.items():
        assert attributes.pop(name) == value, name
    assert not attributes, attributes


def conv(attributes, x, weight, bias):
    assert attributes.pop("kernel_shape") == list(weight.shape[2:])
    top, left, bottom, right = attributes.pop("pads")
    strides = attributes.pop("strides")
    expect(attributes)
    return F.conv2d(F.pad(x, (left, right, top, bottom)), weight, bias, strides)


def average_pool(attributes, x):
    expect(attributes, kernel_shape=[2, 2], strides=[2, 2])
    return F.avg_pool2d(x, 2)


def resize(attributes, x, region, scales):
    expect(attributes, mode=b"nearest", coordinate_transformation_mode=b"asymmetric", nearest_mode=b"floor")
    assert region is None and scales.tolist()[:2] == [1, 1]
    rows, columns = (int(scale) for scale in scales[2:])
    return x.repeat_interleave(rows, 2).repeat_interleave(columns, 3)


def plain(function):
    def evaluate(attributes, *inputs):
        expect(attributes)
        return function(*inputs)
    return evaluate


def take(x, begin, end, axis):
    return x.narrow(int(axis[0]), int(begin[0]), int(end[0] - begin[0]))


OPERATORS = {
    "Conv": conv, "AveragePool": average_pool, "Resize": resize, "Slice": plain(take), "Relu": plain(F.relu),
    "Sigmoid": plain(torch.sigmoid), "Tanh": plain(torch.tanh), "Add": plain(torch.add), "Mul": plain(torch.mul),
    "Clip": plain(lambda x, low, high: torch.minimum(torch.maximum(x, low), high)),
}


def run(model, pictures):
    graph = model.graph
    values = {one.name: torch.from_numpy(numpy.array(numpy_helper.to_array(one))) for one in graph.initializer}
    values[graph.input[0].name] = pictures
    for node in graph.node:
        attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        inputs = [values[name] if name else None for name in node.input]
        values[node.output[0]] = OPERATORS[node.op_type](attributes, *inputs)
    return values[graph.output[0].name]
