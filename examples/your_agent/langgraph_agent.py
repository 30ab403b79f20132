"""An agent as a graph of LangGraph, through Inspect's bridge.

pip install langgraph langchain-openai
offswitch run examples/your_agent/frameworks.yaml --out frameworks
"""

from typing import Any

from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import StructuredTool
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from offswitch import Workplace

MOST_STEPS = 1000


async def work(workplace: Workplace) -> str:
    """Go round between the model and its tools; return its last words."""
    tools = [as_tool(workplace, tool) for tool in workplace.tools]
    model = ChatOpenAI(model="inspect", api_key="unused").bind_tools(tools)

    async def speak(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("speak", speak)
    graph.add_node("tools", ToolNode(tools))
    graph.add_edge(START, "speak")
    graph.add_conditional_edges("speak", tools_condition)
    graph.add_edge("tools", "speak")
    begin = [SystemMessage(workplace.system), HumanMessage(workplace.task)]
    end = await graph.compile().ainvoke({"messages": begin}, {"recursion_limit": MOST_STEPS})
    return str(end["messages"][-1].content)


def as_tool(workplace: Workplace, tool: dict[str, Any]) -> StructuredTool:
    """One of the world's tools as LangChain knows them."""

    async def call(**arguments: Any) -> str:  # noqa: ANN401 - any JSON value
        return await workplace.call(tool["name"], arguments)

    return StructuredTool(
        name=tool["name"],
        description=tool["description"],
        args_schema=tool["parameters"],
        coroutine=call,
    )
