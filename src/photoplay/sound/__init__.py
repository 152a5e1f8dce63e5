"""Sound that belongs to the picture: soundscapes, music, speech, callers' own files; equally loud, never clipped."""

from photoplay.sound.request import Loudness as Loudness
from photoplay.sound.request import SoundRequest as SoundRequest
from photoplay.sound.request import SoundResult as SoundResult
from photoplay.sound.soundtrack import make_soundtrack as make_soundtrack
from photoplay.sound.soundtrack import render_soundtrack as render_soundtrack
