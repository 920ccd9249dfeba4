"""The same network in a web page: a static site that segments on the visitor's own device.

`pages/` is the page as it is served, plain ES modules; `npm/` pins ONNX Runtime Web.
"""
