"""An agent on Google's client (`google-genai`), through Inspect's bridge.

pip install google-genai
offswitch run examples/your_agent/frameworks.yaml --out frameworks
"""

from google import genai
from google.genai import types

from offswitch import Workplace


async def work(workplace: Workplace) -> str | None:
    """Call tools until the model has no more to call; return its last words."""
    client = genai.Client(api_key="unused")
    declared = [
        types.FunctionDeclaration(
            name=tool["name"],
            description=tool["description"],
            parameters_json_schema=tool["parameters"],
        )
        for tool in workplace.tools
    ]
    config = types.GenerateContentConfig(
        system_instruction=workplace.system, tools=[types.Tool(function_declarations=declared)]
    )
    contents = [types.Content(role="user", parts=[types.Part(text=workplace.task)])]
    while not workplace.over:
        reply = await client.aio.models.generate_content(
            model="inspect", contents=contents, config=config
        )
        if not reply.function_calls:
            return reply.text
        contents.append(reply.candidates[0].content)
        results = [
            types.Part(
                function_response=types.FunctionResponse(
                    id=call.id,
                    name=call.name,
                    response={"result": await workplace.call(call.name, call.args or {})},
                )
            )
            for call in reply.function_calls
        ]
        contents.append(types.Content(role="user", parts=results))
    return None
