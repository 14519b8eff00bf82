"""From a request to a model's tokens, the same way for every local runtime."""

from __future__ import annotations

from typing import Any

from jinja2 import TemplateError

from python_assets.raters.chat import DIGITS, ChatModelError, ChatRequest


def prompt_tokens(tokenizer: Any, request: ChatRequest) -> list[int]:
    """The request in the model's chat template, up to where the answer begins.

    A template without a system role gets the system prompt at the head of the user's turn.

    Args:
        tokenizer: A Hugging Face tokenizer.
        request: System and user prompt.

    Raises:
        ChatModelError: The model has no chat template.
    """
    if not getattr(tokenizer, "chat_template", None):
        raise ChatModelError(f"{tokenizer.name_or_path} has no chat template: name an instruction-tuned model.")
    turns = [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}]
    try:
        text = _render(tokenizer, turns)
    except TemplateError:
        text = _render(tokenizer, [{"role": "user", "content": f"{request.system}\n\n{request.user}"}])
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def digit_tokens(tokenizer: Any) -> list[int]:
    """Token ids of the answers 1 to 5.

    Raises:
        ChatModelError: The tokenizer has no single token for one of them.
    """
    ids = []
    for digit in DIGITS:
        # A sentencepiece tokenizer puts a word-start token first.
        token = tokenizer.encode(digit, add_special_tokens=False)[-1]
        if tokenizer.decode([token]).strip() != digit:
            raise ChatModelError(f"{tokenizer.name_or_path} has no single token for {digit}: use elicitation likert.")
        ids.append(token)
    return ids


def _render(tokenizer: Any, turns: list[dict[str, str]]) -> str:
    # Templates of models that can think aloud read the last argument; the others ignore it.
    return tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True, enable_thinking=False)
