"""An agent on OpenAI's client, as it might run elsewhere: through Inspect's bridge, unchanged.

The client asks for the model ``inspect``, and the bridge answers with the subject's model, whatever
provider that has. Run it from the root of the repository:

    offswitch run examples/your_agent/plan.yaml --out your-agent
"""

from openai import AsyncOpenAI

from offswitch import Workplace


async def work(workplace: Workplace) -> str | None:
    """Call tools until the model has no more to call; return its last words."""
    client = AsyncOpenAI(api_key="unused")
    messages = [
        {"role": "system", "content": workplace.system},
        {"role": "user", "content": workplace.task},
    ]
    tools = [{"type": "function", "function": tool} for tool in workplace.tools]
    while not workplace.over:
        reply = await client.chat.completions.create(
            model="inspect", messages=messages, tools=tools
        )
        message = reply.choices[0].message
        messages.append(message.to_dict())
        if not message.tool_calls:
            return message.content
        for call in message.tool_calls:
            text = await workplace.call(call.function.name, call.function.arguments)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": text})
    return None
