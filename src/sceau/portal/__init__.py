"""The pages: French, plain, for structures, technical administrators, professionals and the desk.

Reads the records, calls the verbs of `operations`; decides nothing. A page belongs to the hats named in
`urls`.
"""

__all__: list[str] = []
