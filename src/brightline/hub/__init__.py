"""The door for open weights: the Hugging Face Hub's protocol, with a determination before every byte."""
