"""What Streamlit runs for every visitor, anew whenever something is clicked.

It stands alone, for its folder is put on the path of imports.
"""

from footfall.serve.dashboard.app import show

if __name__ == "__main__":
    show()
