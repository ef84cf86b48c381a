import './batch.css';
import './diff.css';
