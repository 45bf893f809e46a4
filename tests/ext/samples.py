"""What several tests of the extensions read: a drawing, and the head of a page that runs."""

DRAWING = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<svg xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://www.w3.org/2000/svg"
     width="144pt" height="72pt" viewBox="0 0 144 72" version="1.1">
 <metadata>made by</metadata>
 <defs><style type="text/css">*{stroke-linejoin: round}</style></defs>
 <g id="figure_1">
  <g id="patch_1"><path d="M 0 72 L 144 72" style="fill: #ffffff"/></g>
  <g id="axes_1">
   <g id="patch_2"><path d="M 0 1" style="fill: #ffffff"/></g>
   <path d="M 1.234567 2.5" clip-path="url(#p1)" style="fill: none; stroke: #000000"/>
   <defs><path id="m1" d="M 0 3" style="stroke: #000"/></defs>
   <use xlink:href="#m1" x="3.14159" y="2" style="fill: #d55e00; stroke: black"/>
   <g id="legend_1"><path d="M 9 9" style="fill: #ffffff; stroke: #cccccc"/></g>
   <text style="font-weight: 700; font-size: 12px; font-family: 'DejaVu Sans'">A &amp; B</text>
   <text style="fill: #ffffff">white</text>
   <g><text>
    <tspan x="0 9" y="-1" style="font-size: 12px; font-family: 'DejaVu Sans'">2=</tspan>
    <tspan x="22" y="-1" style="font: oblique 12px 'DejaVu Sans'">x</tspan>
    <tspan x="29" y="-5" style="font-size: 8.4px; font-family: 'DejaVu Sans'">3</tspan>
   </text></g>
  </g>
 </g>
 <defs><clipPath id="p1"><rect x="1" y="1" width="9" height="9"/></clipPath></defs>
</svg>"""

HEAD = """---
file_format: mystnb
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""
